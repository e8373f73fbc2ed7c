//! The state of a stack in CloudFormation.

use std::collections::BTreeMap;

use crate::answer::{members, text};
use crate::call::{Account, unintelligible};
use crate::endpoint::Service;
use crate::error::AskError;

/// The version of CloudFormation's API.
const VERSION: &str = "2010-05-15";
/// Pages of resources at most, 100 to a page: CloudFormation takes 500 in a stack.
const PAGES: usize = 6;

/// A stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    /// Its status, in CloudFormation's word.
    pub status: String,
    /// Its outputs.
    pub outputs: BTreeMap<String, String>,
    /// Its parameters, those that are secret left out.
    pub parameters: BTreeMap<String, String>,
}

type Named = BTreeMap<String, String>;

impl Account {
    /// The stack of this name.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn stack(&self, name: &str) -> Result<Stack, AskError> {
        let action = "cloudformation:DescribeStacks";
        let asked = [("StackName", name)];
        let answer = self.query(Service::CloudFormation, VERSION, action, &asked).await?;
        answer.read(|root| {
            let named = |list, key, value| -> Named {
                let pairs = members(root, list);
                pairs.filter_map(|one| Some((text(one, key)?, text(one, value)?))).collect()
            };
            Some(Stack {
                status: text(root, "StackStatus")?,
                outputs: named("Outputs", "OutputKey", "OutputValue"),
                parameters: named("Parameters", "ParameterKey", "ParameterValue"),
            })
        })
    }

    /// The stack's resources: what the template calls each, and what AWS calls it.
    ///
    /// # Errors
    /// [`AskError`].
    pub async fn resources(&self, stack: &str) -> Result<Named, AskError> {
        let action = "cloudformation:ListStackResources";
        let (mut found, mut next) = (Named::new(), None::<String>);
        for _ in 0..PAGES {
            let asked =
                [Some(("StackName", stack)), next.as_deref().map(|next| ("NextToken", next))];
            let asked: Vec<_> = asked.into_iter().flatten().collect();
            let answer = self.query(Service::CloudFormation, VERSION, action, &asked).await?;
            next = answer.read(|root| {
                let resources = members(root, "StackResourceSummaries");
                found.extend(resources.filter_map(|one| {
                    Some((text(one, "LogicalResourceId")?, text(one, "PhysicalResourceId")?))
                }));
                Some(text(root, "NextToken"))
            })?;
            if next.is_none() {
                return Ok(found);
            }
        }
        Err(unintelligible(action, "the list of resources has no end"))
    }
}
