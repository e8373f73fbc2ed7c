//! What a member of a request contains, in words, for those who write pipelines.

use super::shapes::{Shape, Shapes, Structure};

/// Whether SageMaker requires a member of an operation's input.
#[must_use]
pub fn requires(operation: &str, member: &str) -> bool {
    let input = Shapes::new().structure(operation);
    input.is_some_and(|input| input.required.iter().any(|required| required == member))
}

/// What the value of a member may be: the keys of an object, the items of a list, the least
/// number. `None`: nothing more is known than its type.
#[must_use]
pub fn about(operation: &str, member: &str) -> Option<String> {
    let shapes = Shapes::new();
    let input = shapes.structure(operation)?;
    match shapes.find(input.members.get(member)?)? {
        Shape::Structure(structure) => Some(format!("{}.", keys("Keys", &structure))),
        Shape::List { item, min } => Some(items(&shapes.find(&item)?, min)),
        Shape::Map { value, .. } => match shapes.find(&value)? {
            Shape::String { .. } => Some("Keys and values are texts.".to_owned()),
            _ => None,
        },
        Shape::Integer { min: Some(min) } => Some(format!("{min} or more.")),
        Shape::Float { min: Some(min) } => Some(format!("{min} or more.")),
        _ => None,
    }
}

fn items(item: &Shape, min: Option<u64>) -> String {
    let least = match min {
        None | Some(0) => String::new(),
        Some(1) => " At least one.".to_owned(),
        Some(min) => format!(" At least {min}."),
    };
    match item {
        Shape::Structure(structure) => format!("{}.{least}", keys("Keys of an item", structure)),
        Shape::String { .. } => format!("A list of texts.{least}"),
        _ => format!("A list.{least}"),
    }
}

/// What is required comes first.
fn keys(what: &str, structure: &Structure) -> String {
    let is_required = |name: &&String| structure.required.contains(name);
    let required = structure.members.keys().filter(is_required);
    let others = structure.members.keys().filter(|name| !is_required(name));
    let required = required.map(|name| format!("{name} (required)"));
    let words: Vec<_> = required.chain(others.cloned()).collect();
    let one = if structure.union { ", exactly one of" } else { "" };
    format!("{what}{one}: {}", words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_known() {
        assert!(requires("CreateTrainingJob", "RoleArn"));
        assert!(!requires("CreateTrainingJob", "VpcConfig"));
        assert!(!requires("CreateTrainingJob", "Unknown"));
        assert!(!requires("Unknown", "RoleArn"));
    }

    #[test]
    fn each_form_of_a_value_is_told() {
        let told = |operation, member| about(operation, member).unwrap_or_default();
        assert_eq!(
            told("CreateTrainingJob", "InputDataConfig"),
            "Keys of an item: ChannelName (required), DataSource (required), CompressionType, \
             ContentType, InputMode, RecordWrapperType, ShuffleConfig. At least one."
        );
        assert_eq!(
            told("CreateTrainingJob", "VpcConfig"),
            "Keys: SecurityGroupIds (required), Subnets (required)."
        );
        assert_eq!(told("CreateTrainingJob", "HyperParameters"), "Keys and values are texts.");
        assert_eq!(told("CreateTransformJob", "MaxPayloadInMB"), "0 or more.");
        assert_eq!(about("CreateTrainingJob", "RoleArn"), None);
        assert_eq!(about("CreateTrainingJob", "Unknown"), None);
        assert_eq!(about("Unknown", "RoleArn"), None);
    }
}
