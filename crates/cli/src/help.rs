//! What stands at the end of each help: examples, and what the exit codes mean. A test runs the
//! examples.

/// A help's end: examples, one a line, then what exit codes mean.
macro_rules! help {
    ($name:ident: $($example:literal),+; $($code:literal $meaning:literal),+) => {
        pub(crate) const $name: &str = concat!(
            "Examples:\n",
            $("  sagebell ", $example, "\n",)+
            "\nExit codes:\n",
            $("  ", $code, "  ", $meaning, "\n",)+
            "  2  the command could not do its work; the error says why",
        );
    };
}

/// What stands at the end of the help of the whole command line.
pub(crate) const ALL: &str = "\
A JOB is an ARN, or a kind and a name of a job that the monitor knows, for example training/mnist.
Examples and exit codes: sagebell COMMAND --help";

help! { JOBS:
    "jobs",
    "jobs --phase running,stopping --kind training",
    "jobs --search mnist --region us-east-1 --output json";
    "0" "the jobs were listed, also if there are none"
}
help! { WATCH:
    "watch",
    "watch --kind training --seconds 10",
    "watch --output json";
    "0" "somebody ended it (q, Ctrl-C, SIGTERM)"
}
help! { JOB:
    "job training/mnist-train-2026-11-02",
    "job arn:aws:sagemaker:us-east-1:111122223333:training-job/mnist-train-2026-11-02 --output yaml";
    "0" "the job was shown, however it ended"
}
help! { TIMELINE:
    "timeline training/mnist-train-2026-11-02",
    "timeline training/mnist-train-2026-11-02 --output json";
    "0" "the timeline was shown"
}
help! { WAITS:
    "waits training/mnist-train-2026-11-02",
    "waits training/mnist-train-2026-11-02 --output yaml";
    "0" "the waits were listed, also if there are none"
}
help! { WAIT:
    "wait training/mnist-train-2026-11-02",
    "wait training/mnist-train-2026-11-02 --max-wait 90m --signal-on settled";
    "0" "the job succeeded",
    "1" "the job ended in another way",
    "3" "the job still ran after --max-wait, or the command was interrupted"
}
#[cfg(feature = "aws")]
help! { LOGS:
    "logs training/mnist-train-2026-11-02",
    "logs training/mnist-train-2026-11-02 --follow --tail 20",
    "logs training/mnist-train-2026-11-02 --since 10m --output json";
    "0" "the lines were printed, also if there are none, or somebody ended --follow (Ctrl-C, SIGTERM)"
}
help! { REFRESH:
    "refresh training/mnist-train-2026-11-02";
    "0" "SageMaker was asked, and the answer is recorded"
}
help! { STOP:
    "stop training/mnist-train-2026-11-02",
    "stop training/mnist-train-2026-11-02 --yes";
    "0" "SageMaker was asked to stop the job, or the job had ended",
    "1" "the question was answered with no"
}
help! { LOCAL:
    "local",
    "local --store /tmp/sagebell.db --listen 127.0.0.1:7070";
    "0" "the stack was asked to stop (Ctrl-C, SIGTERM)"
}
help! { DASHBOARD:
    "dashboard --listen 127.0.0.1:7080",
    "dashboard --allow-stop";
    "0" "the dashboard was served until the command was asked to stop (Ctrl-C, SIGTERM)"
}
help! { DEMO:
    "demo",
    "demo --output json",
    "demo --keep";
    "0" "every wait received the right signals",
    "1" "some wait did not"
}
help! { REPLAY:
    "replay events/training-training.json events/training-completed.json";
    "0" "every event was taken",
    "1" "an event was refused"
}
help! { COMPLETIONS:
    "completions bash",
    "completions zsh";
    "0" "the completions were written"
}
help! { MAN:
    "man /tmp/man1";
    "0" "the pages were written"
}
#[cfg(feature = "aws")]
help! { REDRIVE:
    "redrive events",
    "redrive signals --stack sagebell --limit 100";
    "0" "the messages were moved, also if there are none",
    "1" "the queue refused messages, which stay where they were"
}
#[cfg(feature = "aws")]
help! { PREFLIGHT:
    "preflight",
    "preflight --stack sagebell --no-signal";
    "0" "nothing is missing",
    "1" "something is missing"
}
