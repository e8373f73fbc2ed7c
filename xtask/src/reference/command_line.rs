//! `docs/command-line.md`: what `--help` says of every command.

use clap::{Arg, ArgAction, Command};

use super::markdown::{self, GENERATED, code, fence, sentence, table};

const INTRODUCTION: &str = "\
# The command line

`sagebell` is for a local stack as well as for a deployment, whose URL is in `SAGEBELL_API`. A job is given by its ARN, or
by its kind and name if the monitor knows it, for example `training/mnist`. `refresh`, `stop`, `dashboard`, `redrive` and
`preflight` are for a deployment, and `logs` reads CloudWatch. A build without the feature `aws` lacks `logs`, `redrive`
and `preflight`, and signs nothing.

Tables fit the terminal: names that are too long are shortened in the middle. For scripts there are `--output json` and
`--output yaml`, whose times are exact. Colours can be turned off with `--color never` or `NO_COLOR`. `sagebell COMMAND
--help` says what this page says.

Install the completions of your shell and the man pages with:

```sh
mkdir -p ~/.local/share/bash-completion/completions ~/.local/share/man/man1
sagebell completions bash > ~/.local/share/bash-completion/completions/sagebell
sagebell man ~/.local/share/man/man1
```

`sagebell completions` also knows zsh (a file `_sagebell` in a folder of `$fpath`), fish
(`~/.config/fish/completions/sagebell.fish`), elvish and PowerShell.";

/// The page of this command and its commands.
pub(crate) fn page(mut all: Command) -> String {
    all.build();
    let commands: Vec<_> = all.get_subcommands().filter(|one| one.get_name() != "help").collect();
    let list = commands.iter().map(|command| {
        let name = command.get_name();
        [format!("[`{name}`](#sagebell-{name})"), about(command)]
    });
    let mut blocks = vec![
        GENERATED.to_owned(),
        INTRODUCTION.to_owned(),
        table(["command", "does"], list.collect()),
    ];
    blocks.extend(commands.into_iter().flat_map(of_command));
    markdown::page(&blocks)
}

fn of_command(command: &Command) -> Vec<String> {
    let usage = command.clone().render_usage().to_string();
    let arguments = command.get_arguments().filter(|one| !one.is_hide_set() && !is_common(one));
    let rows = arguments.map(|one| [spelled(one), meaning(one), default(one)]);
    let end = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    vec![
        format!("## sagebell {}", command.get_name()),
        about(command),
        fence("text", usage.trim_start_matches("Usage: ")),
        table(["argument", "meaning", "default"], rows.collect()),
        ended(&end),
    ]
}

/// What every command has: said once, in the introduction.
fn is_common(argument: &Arg) -> bool {
    matches!(argument.get_id().as_str(), "help" | "version" | "color")
}

fn about(command: &Command) -> String {
    let about = command.get_long_about().or_else(|| command.get_about());
    sentence(&about.map(ToString::to_string).unwrap_or_default())
}

/// `--listen ADDRESS`, or the name of what has no flag.
fn spelled(argument: &Arg) -> String {
    let takes = matches!(argument.get_action(), ArgAction::Set | ArgAction::Append);
    let names = argument.get_value_names().unwrap_or_default().iter();
    let value = names.map(|name| name.as_str()).collect::<Vec<_>>().join(" ");
    let short = argument.get_short().map(|letter| code(&format!("-{letter}")));
    let long = argument.get_long().map(|long| match takes {
        true => code(&format!("--{long} {value}")),
        false => code(&format!("--{long}")),
    });
    match (long, short) {
        (Some(long), Some(short)) => format!("{long}, {short}"),
        (Some(long), None) => long,
        (None, _) => code(&value),
    }
}

fn meaning(argument: &Arg) -> String {
    let told = argument.get_long_help().or_else(|| argument.get_help());
    let told = sentence(&told.map(ToString::to_string).unwrap_or_default());
    let takes = argument.get_action().takes_values() && !argument.is_hide_possible_values_set();
    let words = argument.get_possible_values().into_iter().filter(|_| takes);
    let words: Vec<_> = words.map(|word| code(word.get_name())).collect();
    match words.is_empty() {
        true => told,
        false => format!("{told} One of {}.", words.join(", ")),
    }
}

/// Its variable, and its default.
fn default(argument: &Arg) -> String {
    let variable = argument.get_env().map(|name| code(&name.to_string_lossy()));
    let takes = argument.get_action().takes_values();
    let values = argument.get_default_values().iter().filter(|_| takes);
    let values = values.map(|value| code(&value.to_string_lossy()));
    variable.into_iter().chain(values).collect::<Vec<_>>().join(", otherwise ")
}

/// Examples and exit codes, from the end of a help.
fn ended(end: &str) -> String {
    let Some((examples, codes)) = end.split_once("\n\nExit codes:\n") else {
        return fence("text", end);
    };
    let examples: Vec<_> = examples.lines().skip(1).map(str::trim).collect();
    let codes = codes.lines().filter_map(|line| line.trim().split_once("  "));
    let codes = codes.map(|(code, meaning)| [code.to_owned(), meaning.to_owned()]).collect();
    format!("{}\n\n{}", fence("sh", &examples.join("\n")), table(["exit code", "meaning"], codes))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_has_its_usage_its_examples_and_its_exit_codes() {
        let page = page(sagebell::args::Cli::command());
        for command in sagebell::args::Cli::command().get_subcommands() {
            let name = command.get_name();
            let (_, part) = page.split_once(&format!("\n## sagebell {name}\n")).unwrap();
            let part = part.split("\n## ").next().unwrap();
            assert!(part.contains(&format!("```text\nsagebell {name}")), "{part}");
            assert!(part.contains(&format!("```sh\nsagebell {name}")), "{part}");
            assert!(part.contains("\n| 0 | "), "{part}");
            for argument in command.get_arguments().filter_map(|one| one.get_long()) {
                assert!(part.contains(&format!("`--{argument}")), "{name}: {argument}");
            }
        }
    }

    #[test]
    fn what_this_machine_has_set_is_on_no_page() {
        let argument = Arg::new("api").long("api").env("PATH").default_value("x");
        assert_eq!(default(&argument), "`PATH`, otherwise `x`");
    }
}
