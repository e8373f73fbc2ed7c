//! Every environment variable of the functions, for people: the table of `docs/configuration.md`.

/// An environment variable. The texts are Markdown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What it says, and which values it takes.
    pub meaning: &'static str,
    /// What holds without it.
    pub default: DefaultValue,
}

/// What holds without a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// The program does not start.
    Required,
    /// The same as with this value.
    Value(&'static str),
    /// What no single value says.
    Other(&'static str),
}

/// All of them, in the order of the page.
pub const VARIABLES: [Variable; 33] = [
    Variable {
        name: "SAGEBELL_STORE",
        meaning: "`sqlite:PATH` or `dynamodb:TABLE`",
        default: DefaultValue::Required,
    },
    Variable {
        name: "SAGEBELL_QUEUE",
        meaning: "`sqs:` and the URL of the signals queue. With a DynamoDB store, all functions \
                  except `signals` and `callbacks` need it",
        default: DefaultValue::Other("none"),
    },
    Variable {
        name: "SAGEBELL_BUS",
        meaning: "the event bus for the sweep's observations and for announcements",
        default: DefaultValue::Other(
            "none: the sweep records its observations directly, and announcements go to the log",
        ),
    },
    Variable {
        name: "SAGEBELL_SAGEMAKER",
        meaning: "`aws` or `none`: whether the functions call SageMaker",
        default: DefaultValue::Other("`aws` with a DynamoDB store, otherwise `none`"),
    },
    Variable {
        name: "SAGEBELL_DESCRIBES_PER_SECOND",
        meaning: "Describe calls per second of all functions together, 1 to 100. List and Stop \
                  calls get a quarter of it",
        default: DefaultValue::Value("2"),
    },
    Variable {
        name: "SAGEBELL_AUTH",
        meaning: "`iam`, or `none` on a laptop",
        default: DefaultValue::Value("iam"),
    },
    Variable {
        name: "SAGEBELL_CONNECTIONS_URL",
        meaning: "the stage of the WebSocket API, through which `signals` pushes",
        default: DefaultValue::Other("none: no signals for connections"),
    },
    Variable {
        name: "SAGEBELL_CONNECT_URL",
        meaning: "the `wss://` URL where waiters open connections, which `api` tells them",
        default: DefaultValue::Other("none: `GET /v1/connect` answers 404"),
    },
    Variable {
        name: "SAGEBELL_KFP_UI",
        meaning: "the URL of KFP's user interface, for example \
                  `https://kubeflow.example.com/pipeline/`. The dashboard and `sagebell job` \
                  link to [the runs there](dashboard.md#runs-in-kfp)",
        default: DefaultValue::Other("none: no links"),
    },
    Variable {
        name: "SAGEBELL_API_URL",
        meaning: "the URL of the API, which `sweep` calls before it judges a waiter that it \
                  cannot ask",
        default: DefaultValue::Other("none: it judges no such waiter"),
    },
    Variable {
        name: "SAGEBELL_CALLBACKS",
        meaning: "`on` or `off`: whether the function sends callbacks, or accepts waits with a \
                  `callback_url`",
        default: DefaultValue::Value("on"),
    },
    Variable {
        name: "SAGEBELL_OTHER_QUEUE",
        meaning: "`sqs:` and the URL of the queue of the function that sends on the other \
                  channel",
        default: DefaultValue::Other("none"),
    },
    Variable {
        name: "SAGEBELL_DEAD_LETTERS",
        meaning: "`sqs:` and the URL of each dead-letter queue, with commas between them. \
                  [*Health*](dashboard.md) shows how many messages they have",
        default: DefaultValue::Other("none: it shows none"),
    },
    Variable {
        name: "SAGEBELL_CALLBACK_CIDRS",
        meaning: "networks that callbacks may go to",
        default: DefaultValue::Other("private ranges"),
    },
    Variable {
        name: "SAGEBELL_CALLBACK_PORTS",
        meaning: "ports that callbacks may go to, for example `8080,9000-9999`",
        default: DefaultValue::Value("1024-65535"),
    },
    Variable {
        name: "SAGEBELL_CALLBACK_PATHS",
        meaning: "paths that callbacks may have, for example `/callback,/hooks/sagebell`, or `*` \
                  for any",
        default: DefaultValue::Other(
            "`/callback`, where steps listen; any path with `SAGEBELL_CALLBACK_LOOPBACK=allow`",
        ),
    },
    Variable {
        name: "SAGEBELL_CALLBACK_LOOPBACK",
        meaning: "`deny`, or `allow` on a laptop",
        default: DefaultValue::Value("deny"),
    },
    Variable {
        name: "SAGEBELL_ACCOUNTS",
        meaning: "accounts whose jobs the monitor accepts",
        default: DefaultValue::Other("any"),
    },
    Variable {
        name: "SAGEBELL_REGIONS",
        meaning: "regions whose jobs the monitor accepts",
        default: DefaultValue::Other("any"),
    },
    Variable {
        name: "SAGEBELL_WAITERS",
        meaning: "who may register, cancel and refresh: patterns of principals, for example \
                  `111122223333:role/kfp-*`",
        default: DefaultValue::Other("everybody who may call the API"),
    },
    Variable {
        name: "SAGEBELL_VIEWERS",
        meaning: "who may only read, in the same form",
        default: DefaultValue::Other("nobody"),
    },
    Variable {
        name: "SAGEBELL_MEMBER_ACCOUNTS",
        meaning: "other accounts whose jobs the monitor watches ([accounts.md](accounts.md))",
        default: DefaultValue::Other("none"),
    },
    Variable {
        name: "SAGEBELL_MEMBER_ROLE",
        meaning: "the role in the other accounts with which the monitor calls SageMaker",
        default: DefaultValue::Value("sagebell-monitor"),
    },
    Variable {
        name: "SAGEBELL_REGISTRATIONS_PER_MINUTE",
        meaning: "new waits of one principal in a minute; 0 for no limit",
        default: DefaultValue::Value("3000"),
    },
    Variable {
        name: "SAGEBELL_UNSEEN_WAITS_PER_HOUR",
        meaning: "new waits of one principal in an hour, on jobs that the monitor has never \
                  seen; 0 for no limit",
        default: DefaultValue::Value("5000"),
    },
    Variable {
        name: "SAGEBELL_WAITS_PER_DAY",
        meaning: "new waits of one principal in a day; 0 for no limit",
        default: DefaultValue::Value("50000"),
    },
    Variable {
        name: "SAGEBELL_GRACE_SECONDS",
        meaning: "the grace: time from the end of a lease to the first probe",
        default: DefaultValue::Value("300"),
    },
    Variable {
        name: "SAGEBELL_RECONNECT_GRACE_SECONDS",
        meaning: "the grace of a waiter that lost its connection. With a sweep every minute, its \
                  job is asked to stop within three minutes",
        default: DefaultValue::Value("110"),
    },
    Variable {
        name: "SAGEBELL_PROBE_SECONDS",
        meaning: "the pause between two probes",
        default: DefaultValue::Value("60"),
    },
    Variable {
        name: "SAGEBELL_LIST_SECONDS",
        meaning: "the pause between two readings of a list of SageMaker's. Kinds that send no \
                  events are listed at least once a minute",
        default: DefaultValue::Value("300"),
    },
    Variable {
        name: "SAGEBELL_CHECK_FIRST_SECONDS",
        meaning: "the first pause between two checks of a silent job whose kind has no list that \
                  tells what changed",
        default: DefaultValue::Value("300"),
    },
    Variable {
        name: "SAGEBELL_CHECK_LONGEST_SECONDS",
        meaning: "the longest of these pauses",
        default: DefaultValue::Value("3600"),
    },
    Variable {
        name: "SAGEBELL_RETENTION_DAYS",
        meaning: "how long the store keeps jobs and finished waits",
        default: DefaultValue::Value("30"),
    },
];
