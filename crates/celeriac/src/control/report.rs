//! The reply to `report`: what a bug report starts with.

use std::fs;

use super::conf;
use super::exception::shown;
use crate::settings::Settings;

/// The release of Celery whose behaviour this one has.
pub const CELERY: &str = "5.7.0";

pub(super) fn text(settings: &Settings) -> String {
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let system = if cfg!(target_os = "linux") { "Linux" } else { std::env::consts::OS };
    let bits = usize::BITS;
    let transport = |url: &Option<String>| {
        let scheme = url.as_deref().and_then(|url| url.split_once("://")).map_or("memory", |(scheme, _)| scheme);
        scheme.to_owned()
    };
    let results = settings.result_backend.as_deref().map_or_else(|| "disabled".to_owned(), conf::masked);
    let mut text = format!(
        "\nsoftware -> celery:{CELERY} (celeriac {version})\nplatform -> system:{system} arch:{bits}bit\n            \
         kernel version:{kernel} imp:Rust\nloader   -> none\nsettings -> transport:{transport} results:{results}\n\n",
        version = env!("CARGO_PKG_VERSION"),
        kernel = kernel.trim(),
        transport = transport(&settings.broker_url),
    );
    for (name, value) in conf::table(settings, false) {
        text.push_str(&format!("{name}: {}\n", shown(&value)));
    }
    text
}
