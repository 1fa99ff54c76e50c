//! How broker and backend are used, which is part of the settings whatever they are connected by.

use std::time::Duration;

/// How a broker on Redis is used: kombu's transport options, by their names. All who share the queues must agree on
/// those that name keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerOptions {
    /// Messages whose consumer was silent for so long are given to others.
    pub visibility_timeout: Duration,
    /// How often it is looked for such messages at the most; a third of the timeout if that is less.
    pub unacked_restore_interval: Duration,
    /// Stands before every key and channel.
    pub global_keyprefix: String,
    /// What stands before the exchange in a channel. `{db}` is the number of the database.
    pub fanout_prefix: String,
    /// Whether the routing key is part of a channel.
    pub fanout_patterns: bool,
    /// The order in which queues of one priority are looked at.
    pub queue_order_strategy: QueueOrder,
    /// The name of the connections in `CLIENT LIST`.
    pub client_name: Option<String>,
}

impl Default for BrokerOptions {
    /// kombu's defaults.
    fn default() -> Self {
        Self {
            visibility_timeout: Duration::from_secs(3600),
            unacked_restore_interval: Duration::from_secs(10),
            global_keyprefix: String::new(),
            fanout_prefix: "/{db}.".to_owned(),
            fanout_patterns: true,
            queue_order_strategy: QueueOrder::RoundRobin,
            client_name: None,
        }
    }
}

/// Which of several queues with messages of one priority serves first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// The queue that has served goes behind the others.
    #[default]
    RoundRobin,
    /// By name.
    Sorted,
    /// As the queues were named.
    Priority,
}

/// How results are kept on Redis: Celery's settings, by their names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultOptions {
    /// `None` is for ever.
    pub result_expires: Option<Duration>,
    /// The same for failures; the outer `None` is as for all results.
    pub result_failure_expires: Option<Option<Duration>>,
    /// The same for what a chord keeps while it runs.
    pub result_chord_expires: Option<Option<Duration>>,
    /// Gives the results of a header to the body in the order of the header, not of their coming. All workers of a
    /// chord must agree.
    pub result_chord_ordered: bool,
    /// How long the last worker of a chord waits for results of a header with groups in it.
    pub result_chord_join_timeout: Duration,
    /// Stands before every key, with `_` between if it does not end with one of `:_-.`.
    pub global_keyprefix: String,
    /// The name of the connections in `CLIENT LIST`.
    pub client_name: Option<String>,
}

impl Default for ResultOptions {
    /// Celery's defaults.
    fn default() -> Self {
        Self {
            result_expires: Some(Duration::from_secs(24 * 3600)),
            result_failure_expires: None,
            result_chord_expires: None,
            result_chord_ordered: true,
            result_chord_join_timeout: Duration::from_secs(3),
            global_keyprefix: String::new(),
            client_name: None,
        }
    }
}
