//! The table of partitions as JSON, for checks against what botocore knows of them.
//! Arguments are regions; each is shown with its partition and hosts.
#![allow(clippy::disallowed_macros, reason = "prints for the developer who runs it")]

use sagebell_monitor::partition::{PARTITIONS, Partition};
use serde_json::{Value, json};

fn shown(partition: &Partition) -> Value {
    json!({
        "id": partition.id,
        "dns_suffix": partition.dns_suffix,
        "console": partition.console,
        "iam_host": partition.iam_host,
        "iam_region": partition.iam_region,
    })
}

fn located(region: &str) -> Value {
    let partition = Partition::of_region(region);
    json!({
        "partition": partition.id,
        "console": partition.console_host(region),
        "sqs": partition.service_host("sqs", region),
    })
}

fn main() {
    let partitions: Vec<Value> = PARTITIONS.iter().map(shown).collect();
    let regions = std::env::args().skip(1).map(|region| (region.clone(), located(&region)));
    let regions: serde_json::Map<String, Value> = regions.collect();
    println!("{}", json!({ "partitions": partitions, "regions": regions }));
}
