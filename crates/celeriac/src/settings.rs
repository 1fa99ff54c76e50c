//! Celery's settings, by Celery's names and with its defaults, as far as they mean something here.
//!
//! A task's own [`TaskOptions`](crate::TaskOptions) win over these, and a message's headers over both.

use std::time::Duration;

use crate::transport::{BrokerOptions, ResultOptions};

/// The settings of one app. `Settings::default()` is what Celery runs with when nothing is set.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Serializers whose messages are accepted, by name or content type. Anything else is rejected unread.
    pub accept_content: Vec<String>,
    /// The same for results; `None` is as for messages.
    pub result_accept_content: Option<Vec<String>>,
    /// Where messages come from. Only shown and handed on: the worker is given its broker.
    pub broker_url: Option<String>,
    /// Where results go. Only shown and handed on: the worker is given its backend.
    pub result_backend: Option<String>,
    /// What stands before the keys of the backend (`global_keyprefix` of its transport options).
    pub result_backend_global_keyprefix: String,
    /// How long a new connection to the broker may take.
    pub broker_connection_timeout: Duration,
    /// Waits for a broker that is away and takes up work again when it is back.
    pub broker_connection_retry: bool,
    /// The same at the start; `None` is as [`Settings::broker_connection_retry`].
    pub broker_connection_retry_on_startup: Option<bool>,
    /// Attempts at one connection before the worker gives up; `None` is without end.
    pub broker_connection_max_retries: Option<u32>,
    /// How the broker is used: the names of keys, the visibility timeout, the order of queues.
    pub broker_transport_options: BrokerOptions,
    /// The exchange of remote control, which is named `<this>.pidbox`.
    pub control_exchange: String,
    /// How long an unanswered control request is kept.
    pub control_queue_ttl: Duration,
    /// How long an unused control queue lives.
    pub control_queue_expires: Duration,
    /// The exchange of events.
    pub event_exchange: String,
    /// What queues of event listeners begin with.
    pub event_queue_prefix: String,
    /// How long an unread event is kept.
    pub event_queue_ttl: Duration,
    /// How long an unused event queue lives.
    pub event_queue_expires: Duration,
    /// How long a result is kept; `None` and zero are for ever.
    pub result_expires: Option<Duration>,
    /// The same for failures; `None` is as for all results.
    pub result_failure_expires: Option<Duration>,
    /// The same for what chords keep while they run; `None` is as for all results.
    pub result_chord_expires: Option<Duration>,
    /// Stores name, arguments, worker, retries and queue with each result.
    pub result_extended: bool,
    /// The serializer of results.
    pub result_serializer: String,
    /// Compresses results with this method.
    pub result_compression: Option<String>,
    /// Gives the results of a chord's header to its body in the order of the header.
    pub result_chord_ordered: bool,
    /// How long the join of one part of a complex chord may take.
    pub result_chord_join_timeout: Duration,
    /// Acknowledges after the run instead of before it.
    pub task_acks_late: bool,
    /// Acknowledges a late message whose task failed; `None` is as
    /// [`Settings::task_acks_on_failure_or_timeout`].
    pub task_acks_on_failure: Option<bool>,
    /// Acknowledges a late message whose task ran into its hard limit; `None` is as
    /// [`Settings::task_acks_on_failure_or_timeout`].
    pub task_acks_on_timeout: Option<bool>,
    /// Stands in for the two above where they say nothing.
    pub task_acks_on_failure_or_timeout: bool,
    /// Gives back a late message whose child died instead of failing the task.
    pub task_reject_on_worker_lost: bool,
    /// Retries a task whose child died.
    pub task_retry_on_worker_lost: bool,
    /// Links a chord's errbacks to each task of its header too.
    pub task_allow_error_cb_on_chord_header: bool,
    /// Compresses the bodies of messages that are sent.
    pub task_compression: Option<String>,
    /// Serializer of the bodies that are sent.
    pub task_serializer: String,
    /// Takes from queues that are not declared.
    pub task_create_missing_queues: bool,
    /// The queue of messages that name none.
    pub task_default_queue: String,
    /// The exchange of that queue; `None` is its name.
    pub task_default_exchange: Option<String>,
    /// The routing key of that queue; `None` is its name.
    pub task_default_routing_key: Option<String>,
    /// Priority of messages that name none.
    pub task_default_priority: Option<u8>,
    /// Rate limit of tasks that have none of their own, as in `10/m`.
    pub task_default_rate_limit: Option<String>,
    /// Gives a task's priority to those that it sends.
    pub task_inherit_parent_priority: bool,
    /// Stores no results.
    pub task_ignore_result: bool,
    /// Stores failures of tasks whose results are ignored.
    pub task_store_errors_even_if_ignored: bool,
    /// Version of the messages that are sent. Both are read.
    pub task_protocol: u8,
    /// Tries again to send what the broker did not take.
    pub task_publish_retry: bool,
    /// Sends the event `task-sent` for each message.
    pub task_send_sent_event: bool,
    /// The soft limit of tasks that have none of their own.
    pub task_soft_time_limit: Option<Duration>,
    /// The hard limit of tasks that have none of their own.
    pub task_time_limit: Option<Duration>,
    /// Stores the state `STARTED`.
    pub task_track_started: bool,
    /// Name of the time zone in which times are shown. Times on the wire have their offset with them.
    pub timezone: String,
    /// Writes times in UTC.
    pub enable_utc: bool,
    /// Runs of what is still held when the broker's connection is lost are stopped if they acknowledge late: another
    /// worker may be given their messages.
    pub worker_cancel_long_running_tasks_on_connection_loss: bool,
    /// Jobs that run at a time; `None` is one per processor.
    pub worker_concurrency: Option<usize>,
    /// Does not run a redelivered late task again whose success is stored.
    pub worker_deduplicate_successful_tasks: bool,
    /// Takes from a queue of the worker's own too.
    pub worker_direct: bool,
    /// Takes a message only when a place to run it is free.
    pub worker_disable_prefetch: bool,
    /// Ignores rate limits.
    pub worker_disable_rate_limits: bool,
    /// Answers remote control.
    pub worker_enable_remote_control: bool,
    /// Waits out [`Settings::worker_soft_shutdown_timeout`] even when nothing runs.
    pub worker_enable_soft_shutdown_on_idle: bool,
    /// Messages held until their ETA; when there are so many, none are taken until one is due. `None` is
    /// 10,000, where Celery has no limit: each takes about a kilobyte.
    pub worker_eta_task_limit: Option<usize>,
    /// Size in bytes to which a body may unfold.
    pub worker_max_body_bytes: usize,
    /// Kilobytes of peak resident memory after which a child is replaced.
    pub worker_max_memory_per_child: Option<u64>,
    /// Runs after which a child is replaced.
    pub worker_max_tasks_per_child: Option<u64>,
    /// The pool: `prefork`, `threads`, `async` (as `gevent` and `eventlet`) or `solo`.
    pub worker_pool: String,
    /// Lets remote control restart the pool.
    pub worker_pool_restarts: bool,
    /// Messages held per running job; 0 is without limit.
    pub worker_prefetch_multiplier: usize,
    /// Sends task events.
    pub worker_send_task_events: bool,
    /// How long running tasks may go on after a soft shutdown began; zero is no soft phase.
    pub worker_soft_shutdown_timeout: Duration,
    /// File in which revoked ids outlive the worker.
    pub worker_state_db: Option<String>,
}

/// The largest body that is unfolded unless the settings say otherwise: far more than a message should carry, and
/// little enough for one to be no danger.
pub const MAX_BODY_BYTES: usize = 128 << 20;

impl Default for Settings {
    fn default() -> Self {
        Self {
            accept_content: vec!["json".to_owned()],
            result_accept_content: None,
            broker_url: None,
            result_backend: None,
            result_backend_global_keyprefix: String::new(),
            broker_connection_timeout: Duration::from_secs(4),
            broker_connection_retry: true,
            broker_connection_retry_on_startup: None,
            broker_connection_max_retries: Some(100),
            broker_transport_options: BrokerOptions::default(),
            control_exchange: "celery".to_owned(),
            control_queue_ttl: Duration::from_secs(300),
            control_queue_expires: Duration::from_secs(10),
            event_exchange: "celeryev".to_owned(),
            event_queue_prefix: "celeryev".to_owned(),
            event_queue_ttl: Duration::from_secs(5),
            event_queue_expires: Duration::from_secs(60),
            result_expires: Some(Duration::from_secs(24 * 3600)),
            result_failure_expires: None,
            result_chord_expires: None,
            result_extended: false,
            result_serializer: "json".to_owned(),
            result_compression: None,
            result_chord_ordered: true,
            result_chord_join_timeout: Duration::from_secs(3),
            task_acks_late: false,
            task_acks_on_failure: None,
            task_acks_on_timeout: None,
            task_acks_on_failure_or_timeout: true,
            task_reject_on_worker_lost: false,
            task_retry_on_worker_lost: false,
            task_allow_error_cb_on_chord_header: false,
            task_compression: None,
            task_serializer: "json".to_owned(),
            task_create_missing_queues: true,
            task_default_queue: "celery".to_owned(),
            task_default_exchange: None,
            task_default_routing_key: None,
            task_default_priority: None,
            task_default_rate_limit: None,
            task_inherit_parent_priority: false,
            task_ignore_result: false,
            task_store_errors_even_if_ignored: false,
            task_protocol: 2,
            task_publish_retry: true,
            task_send_sent_event: false,
            task_soft_time_limit: None,
            task_time_limit: None,
            task_track_started: false,
            timezone: "UTC".to_owned(),
            enable_utc: true,
            worker_cancel_long_running_tasks_on_connection_loss: false,
            worker_concurrency: None,
            worker_deduplicate_successful_tasks: false,
            worker_direct: false,
            worker_disable_prefetch: false,
            worker_disable_rate_limits: false,
            worker_enable_remote_control: true,
            worker_enable_soft_shutdown_on_idle: false,
            worker_eta_task_limit: None,
            worker_max_body_bytes: MAX_BODY_BYTES,
            worker_max_memory_per_child: None,
            worker_max_tasks_per_child: None,
            worker_pool: "prefork".to_owned(),
            worker_pool_restarts: false,
            worker_prefetch_multiplier: 4,
            worker_send_task_events: false,
            worker_soft_shutdown_timeout: Duration::ZERO,
            worker_state_db: None,
        }
    }
}

impl Settings {
    /// Whether a late message whose task failed is acknowledged.
    pub fn acks_on_failure(&self) -> bool {
        self.task_acks_on_failure.unwrap_or(self.task_acks_on_failure_or_timeout)
    }

    /// Whether a late message whose task ran into its hard limit is acknowledged.
    pub fn acks_on_timeout(&self) -> bool {
        self.task_acks_on_timeout.unwrap_or(self.task_acks_on_failure_or_timeout)
    }

    /// How results are kept on Redis.
    pub fn result_options(&self) -> ResultOptions {
        ResultOptions {
            result_expires: self.result_expires,
            result_failure_expires: self.result_failure_expires.map(Some),
            result_chord_expires: self.result_chord_expires.map(Some),
            result_chord_ordered: self.result_chord_ordered,
            result_chord_join_timeout: self.result_chord_join_timeout,
            global_keyprefix: self.result_backend_global_keyprefix.clone(),
            client_name: None,
        }
    }

    /// How often a connection to the broker that cannot be made at the start is tried again; `None` is without end.
    pub(crate) fn attempts_on_startup(&self) -> Option<u32> {
        if self.broker_connection_retry_on_startup.unwrap_or(self.broker_connection_retry) {
            self.broker_connection_max_retries.filter(|most| *most > 0)
        } else {
            Some(0)
        }
    }
}
