# The commands of CONTRIBUTING.md under short names: `just` lists them. `pip install rust-just` installs it, or `cargo
# install just`.

_list:
    @{{ just_executable() }} --list --unsorted

# the tests that need only Rust
unit *args:
    cargo test {{ args }}

# all tests
test:
    ./scripts/test

# what must pass before a change is finished, except the tests
lint:
    cargo fmt
    cargo clippy --workspace --all-targets --features sagebell/aws -- -D warnings
    cargo deny check bans licenses sources
    ./scripts/lint-project
    ./scripts/lint-infra

# write the files that the code determines
generate *args:
    cargo xtask generate {{ args }}

# the store against DynamoDB Local and ministack
dynamodb *filters:
    ./scripts/test-dynamodb {{ filters }}

# the whole stack on an emulated AWS
deployed *args:
    ./scripts/test-deployed {{ args }}

# the functions beside a hello world
footprint:
    ./scripts/measure-functions

# the step's static binary, and its image (--cli: the command line's)
image *words:
    ./scripts/build-image {{ words }}

# the site of docs/ in target/book
docs:
    ./scripts/build-docs

# the files of a release, and a deployment from them (half an hour)
release *parts="--dry-run":
    ./scripts/release {{ parts }}

# the Python package: a wheel in target/wheels
wheel *kind:
    ./scripts/build-wheel {{ kind }}

# every figure of docs/benchmarks (half an hour)
bench *sections:
    ./scripts/bench {{ sections }}

# every fuzz target, each for some seconds
fuzz seconds="600":
    ./scripts/fuzz {{ seconds }}

# change the code that decides, and see the tests notice (an hour)
mutants *args:
    ./scripts/mutants {{ args }}

# histories of jobs, waiters and faults, each from a seed
simulate seeds="1000000":
    cargo run --profile fast -p sagebell-simulation -- --seeds {{ seeds }}

# the picture of the demo in the README
demo:
    ./scripts/record-demo

# the pictures of the dashboard's page
dashboard-pictures:
    ./scripts/shoot-dashboard
