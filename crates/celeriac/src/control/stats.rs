//! The reply to `stats`: what Flower's worker page shows.

use std::time::Duration;

use celeriac_wire::{Map, Value, value};

use super::panel::Call;
use super::{conf, memory};
use crate::pool::PoolInfo;
use crate::settings::Settings;

pub(super) fn stats(call: &Call<'_>) -> Value {
    let totals: Map = call.view.totals().into_iter().map(|(name, count)| (name, Value::from(count))).collect();
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| {
        map.insert(name.to_owned(), value);
    };
    put("total", Value::Object(totals));
    put("pid", Value::from(std::process::id()));
    // A text, for no reason that is known.
    put("clock", Value::from(call.clock().value().to_string()));
    put("uptime", Value::from(call.view.uptime().as_secs_f64().round() as u64));
    put("pool", pool(&call.view.pool(), call.settings()));
    if let Some(autoscale) = call.view.autoscale() {
        put(
            "autoscaler",
            value!({
                "max": autoscale.max,
                "min": autoscale.min,
                "current": autoscale.current,
                "qty": autoscale.wanted,
            }),
        );
    }
    put("broker", broker(call.settings()));
    put("prefetch_count", Value::from(call.view.prefetch_count()));
    put("rusage", memory::usage());
    Value::Object(map)
}

fn pool(info: &PoolInfo, settings: &Settings) -> Value {
    let processes = match info.processes.as_slice() {
        [] => vec![Value::from(std::process::id())],
        children => children.iter().map(|pid| Value::from(*pid)).collect(),
    };
    let limit = |limit: Option<Duration>| limit.map_or(Value::Int(0), conf::seconds);
    value!({
        "implementation": info.implementation,
        "max-concurrency": info.size,
        "processes": processes,
        "max-tasks-per-child": info.max_tasks_per_child.map_or(Value::from("N/A"), Value::from),
        "put-guarded-by-semaphore": false,
        "timeouts": [limit(settings.task_soft_time_limit), limit(settings.task_time_limit)],
        "writes": writes(info),
    })
}

/// How the jobs were spread over the children.
fn writes(info: &PoolInfo) -> Value {
    let total: u64 = info.writes.iter().sum();
    let share = |part: f64| format!("{:.2}", if total == 0 { 0.0 } else { part / total as f64 });
    let average = total as f64 / info.writes.len().max(1) as f64;
    let all: Vec<_> = info.writes.iter().map(|count| share(*count as f64)).collect();
    let raw: Vec<_> = info.writes.iter().map(u64::to_string).collect();
    let inqueues = value!({"total": info.processes.len(), "active": info.busy});
    value!({
        "total": total,
        "avg": share(average),
        "all": all.join(", "),
        "raw": raw.join(", "),
        "strategy": "fair",
        "inqueues": inqueues,
    })
}

/// The broker's address in its parts, the password left out.
fn broker(settings: &Settings) -> Value {
    let url = settings.broker_url.as_deref().unwrap_or("memory://");
    let (scheme, rest) = url.split_once("://").unwrap_or(("memory", url));
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let socket = scheme.ends_with("+socket") || scheme == "unix";
    let (authority, path) = if socket { (rest, "") } else { rest.split_once('/').unwrap_or((rest, "")) };
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let user = user.and_then(|user| user.split(':').next()).filter(|user| !user.is_empty());
    let (host, port) = match host.rsplit_once(':') {
        Some((host, port)) if !socket && !port.contains(']') => (host, port.parse::<u16>().ok()),
        _ => (host, None),
    };
    let tls = scheme == "rediss";
    let transport = if scheme.starts_with("redis") || scheme == "unix" { "redis" } else { scheme };
    value!({
        "hostname": host,
        "userid": user.map(str::to_owned),
        "virtual_host": if path.is_empty() { "/" } else { path },
        "port": port.or((transport == "redis" && !socket).then_some(6379)),
        "insist": false,
        "ssl": tls,
        "transport": transport,
        "connect_timeout": conf::seconds(settings.broker_connection_timeout),
        "transport_options": {},
        "login_method": null,
        "uri_prefix": null,
        "heartbeat": 120.0,
        "failover_strategy": "round-robin",
        "alternates": [],
        "credential_provider": null,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_broker_is_taken_apart_and_its_password_left_out() {
        #[track_caller]
        fn check(url: &str, hostname: &str, userid: Value, virtual_host: &str, port: Value) {
            let settings = Settings { broker_url: Some(url.to_owned()), ..Settings::default() };
            let shown = broker(&settings);
            assert_eq!(shown.get("hostname"), Some(&Value::from(hostname)), "{url}");
            assert_eq!(shown.get("userid"), Some(&userid), "{url}");
            assert_eq!(shown.get("virtual_host"), Some(&Value::from(virtual_host)), "{url}");
            assert_eq!(shown.get("port"), Some(&port), "{url}");
            assert!(!celeriac_wire::json::write(&shown).contains("secret"), "{url}");
        }
        check("redis://localhost:6380/3", "localhost", Value::Null, "3", Value::from(6380));
        check("redis://:secret@host", "host", Value::Null, "/", Value::from(6379));
        check("rediss://me:secr@secret@host/1?x=y", "host", Value::from("me"), "1", Value::from(6379));
        check("redis://[::1]:6379/0", "[::1]", Value::Null, "0", Value::from(6379));
        check("redis+socket:///tmp/redis.sock", "/tmp/redis.sock", Value::Null, "/", Value::Null);
    }

    #[test]
    fn jobs_are_shown_by_their_share() {
        let info = PoolInfo { writes: vec![8, 2], processes: vec![1, 2], ..PoolInfo::default() };
        let shown = writes(&info);
        assert_eq!(shown.get("all"), Some(&Value::from("0.80, 0.20")));
        assert_eq!(shown.get("avg"), Some(&Value::from("0.50")));
        assert_eq!(shown.get("raw"), Some(&Value::from("8, 2")));
        assert_eq!(writes(&PoolInfo::default()).get("avg"), Some(&Value::from("0.00")));
    }
}
