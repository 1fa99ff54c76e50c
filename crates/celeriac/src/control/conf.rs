//! The settings as `conf` shows them, secrets hidden.

use std::time::Duration;

use celeriac_wire::{Map, Value, value};

use crate::settings::Settings;

/// Seconds as a number, whole ones without a fraction.
pub(super) fn seconds(duration: Duration) -> Value {
    match duration.subsec_nanos() {
        0 => Value::from(duration.as_secs()),
        _ => Value::from(duration.as_secs_f64()),
    }
}

fn maybe_seconds(duration: Option<Duration>) -> Value {
    duration.map_or(Value::Null, seconds)
}

fn texts(items: &[String]) -> Value {
    Value::Array(items.iter().map(Value::from).collect())
}

/// All settings by name. Celery leaves out those that are as they are by default unless it is asked for them; here
/// they are few enough to be always shown, but for those that have no meaning here.
pub(super) fn table(settings: &Settings, with_defaults: bool) -> Map {
    let s = settings;
    let url = |url: &Option<String>| url.as_deref().map_or(Value::Null, |url| Value::from(masked(url)));
    let table = value!({
        "accept_content": texts(&s.accept_content),
        "result_accept_content": s.result_accept_content.as_deref().map_or(Value::Null, texts),
        "enable_utc": s.enable_utc,
        "timezone": s.timezone.as_str(),
        "include": ["celery.app.builtins"],
        "broker_url": url(&s.broker_url),
        "broker_connection_timeout": seconds(s.broker_connection_timeout),
        "broker_connection_retry": s.broker_connection_retry,
        "broker_connection_retry_on_startup": s.broker_connection_retry_on_startup.unwrap_or(s.broker_connection_retry),
        "broker_connection_max_retries": s.broker_connection_max_retries,
        "broker_heartbeat": 0,
        "broker_transport_options": {"visibility_timeout": seconds(s.broker_transport_options.visibility_timeout)},
        "control_exchange": s.control_exchange.as_str(),
        "control_queue_ttl": s.control_queue_ttl.as_secs_f64(),
        "control_queue_expires": s.control_queue_expires.as_secs_f64(),
        "event_exchange": s.event_exchange.as_str(),
        "event_queue_prefix": s.event_queue_prefix.as_str(),
        "event_queue_ttl": s.event_queue_ttl.as_secs_f64(),
        "event_queue_expires": s.event_queue_expires.as_secs_f64(),
        "event_serializer": "json",
        "result_backend": url(&s.result_backend),
        "result_expires": maybe_seconds(s.result_expires),
        "result_failure_expires": maybe_seconds(s.result_failure_expires),
        "result_chord_expires": maybe_seconds(s.result_chord_expires),
        "result_extended": s.result_extended,
        "result_serializer": s.result_serializer.as_str(),
        "result_compression": s.result_compression.as_deref(),
        "result_chord_join_timeout": s.result_chord_join_timeout.as_secs_f64(),
        "task_acks_late": s.task_acks_late,
        "task_acks_on_failure": s.task_acks_on_failure,
        "task_acks_on_timeout": s.task_acks_on_timeout,
        "task_acks_on_failure_or_timeout": s.task_acks_on_failure_or_timeout,
        "task_reject_on_worker_lost": s.task_reject_on_worker_lost,
        "task_retry_on_worker_lost": s.task_retry_on_worker_lost,
        "task_allow_error_cb_on_chord_header": s.task_allow_error_cb_on_chord_header,
        "task_compression": s.task_compression.as_deref(),
        "task_serializer": s.task_serializer.as_str(),
        "task_create_missing_queues": s.task_create_missing_queues,
        "task_default_queue": s.task_default_queue.as_str(),
        "task_default_exchange": s.task_default_exchange.as_deref(),
        "task_default_routing_key": s.task_default_routing_key.as_deref(),
        "task_default_priority": s.task_default_priority,
        "task_default_rate_limit": s.task_default_rate_limit.as_deref(),
        "task_inherit_parent_priority": s.task_inherit_parent_priority,
        "task_ignore_result": s.task_ignore_result,
        "task_store_errors_even_if_ignored": s.task_store_errors_even_if_ignored,
        "task_protocol": s.task_protocol,
        "task_publish_retry": s.task_publish_retry,
        "task_send_sent_event": s.task_send_sent_event,
        "task_soft_time_limit": maybe_seconds(s.task_soft_time_limit),
        "task_time_limit": maybe_seconds(s.task_time_limit),
        "task_track_started": s.task_track_started,
        "worker_cancel_long_running_tasks_on_connection_loss": s.worker_cancel_long_running_tasks_on_connection_loss,
        "worker_concurrency": s.worker_concurrency,
        "worker_deduplicate_successful_tasks": s.worker_deduplicate_successful_tasks,
        "worker_direct": s.worker_direct,
        "worker_disable_prefetch": s.worker_disable_prefetch,
        "worker_disable_rate_limits": s.worker_disable_rate_limits,
        "worker_enable_remote_control": s.worker_enable_remote_control,
        "worker_enable_soft_shutdown_on_idle": s.worker_enable_soft_shutdown_on_idle,
        "worker_eta_task_limit": s.worker_eta_task_limit,
        "worker_hijack_root_logger": false,
        "worker_log_color": false,
        "worker_max_body_bytes": s.worker_max_body_bytes,
        "worker_max_memory_per_child": s.worker_max_memory_per_child,
        "worker_max_tasks_per_child": s.worker_max_tasks_per_child,
        "worker_pool": s.worker_pool.as_str(),
        "worker_pool_restarts": s.worker_pool_restarts,
        "worker_prefetch_multiplier": s.worker_prefetch_multiplier,
        "worker_send_task_events": s.worker_send_task_events,
        "worker_soft_shutdown_timeout": s.worker_soft_shutdown_timeout.as_secs_f64(),
        "worker_state_db": s.worker_state_db.as_deref(),
        "deprecated_settings": null,
    });
    let Value::Object(mut table) = table else { return Map::new() };
    if with_defaults {
        // What Celery has settings for and this crate has none: as they would have to be set to say what it does.
        let fixed = value!({
            "beat_schedule": {},
            "imports": [],
            "task_always_eager": false,
            "task_default_delivery_mode": 2,
            "task_default_exchange_type": "direct",
            "worker_redirect_stdouts": false,
        });
        if let Value::Object(fixed) = fixed {
            table.extend(fixed);
        }
    }
    table
}

/// An address with its password hidden. A password may have an `@` and a slash in it, so all up to the last `@` before
/// the first question mark counts.
pub fn masked(url: &str) -> String {
    let one = |url: &str| {
        let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
        let end = rest.find('?').unwrap_or(rest.len());
        let (address, options) = rest.split_at(end);
        let Some((user, host)) = address.rsplit_once('@') else { return url.to_owned() };
        match user.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:********@{host}{options}"),
            None => url.to_owned(),
        }
    };
    url.split(';').map(one).collect::<Vec<_>>().join(";")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden() {
        #[track_caller]
        fn check(url: &str, expected: &str) {
            assert_eq!(masked(url), expected);
        }
        check("redis://localhost/0", "redis://localhost/0");
        check("redis://:p,ass@word@localhost:6379/0", "redis://:********@localhost:6379/0");
        check("redis://user:p/a@ss@localhost:6379/0", "redis://user:********@localhost:6379/0");
        check("sentinel://:a@h1:1;sentinel://:b@h2:2/0", "sentinel://:********@h1:1;sentinel://:********@h2:2/0");
        check("redis://me@host/0?x=a@b:c", "redis://me@host/0?x=a@b:c");
        check("nonsense", "nonsense");
    }

    #[test]
    fn settings_are_shown_by_name() {
        let table = table(&Settings::default(), false);
        assert_eq!(table["worker_prefetch_multiplier"], Value::Int(4));
    }
}
