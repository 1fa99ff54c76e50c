//! What a worker says of itself on standard output when it starts.

use crate::control::{CELERY, masked};
use crate::log::Level;
use crate::pool::MAX_SIZE;
use crate::registry::Registry;
use crate::worker::Options;

pub(super) fn print(options: &Options, registry: &Registry, level: Level) {
    print!("{}", text(options, registry, level));
}

fn text(options: &Options, registry: &Registry, level: Level) -> String {
    let settings = &options.settings;
    let url = |url: &Option<String>, none: &str| url.as_deref().map_or_else(|| none.to_owned(), masked);
    let concurrency = match options.autoscale {
        Some(bounds) => format!("{{min={}, max={}}}", bounds.min, bounds.max.min(MAX_SIZE)),
        None => options.concurrency.to_string(),
    };
    let events =
        if settings.worker_send_task_events { "ON" } else { "OFF (enable -E to monitor tasks in this worker)" };
    let queues: Vec<_> =
        options.queues.iter().map(|queue| format!(".> {queue:<16} exchange={queue}(direct) key={queue}")).collect();
    let mut text = format!(
        " \n{hostname} v{CELERY} (celeriac {version})\n\n[config]\n.> transport:   {transport}\n.> results:     {results}\n\
         .> concurrency: {concurrency} ({pool})\n.> task events: {events}\n\n[queues]\n{queues}\n\n",
        hostname = options.hostname,
        version = env!("CARGO_PKG_VERSION"),
        transport = url(&settings.broker_url, "redis://localhost:6379/0"),
        results = url(&settings.result_backend, "disabled://"),
        pool = options.pool,
        queues = queues.join("\n"),
    );
    if level <= Level::Info {
        text.push_str("[tasks]\n");
        let shown = registry.names().filter(|name| level == Level::Debug || !name.starts_with("celery."));
        for name in shown {
            text.push_str(&format!("  . {name}\n"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    #[test]
    fn the_worker_says_who_it_is_without_its_password() {
        let settings = Settings { broker_url: Some("redis://:secret@host/0".to_owned()), ..Settings::default() };
        let options = Options { hostname: "w1@host".to_owned(), settings, ..Options::default() };
        let text = text(&options, &Registry::new(), Level::Info);
        assert!(text.contains("w1@host v5.7.0"), "{text}");
        assert!(text.contains(".> transport:   redis://:********@host/0"), "{text}");
        assert!(text.contains(".> celery           exchange=celery(direct) key=celery"), "{text}");
    }
}
