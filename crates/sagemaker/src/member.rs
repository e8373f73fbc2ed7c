//! Calls SageMaker in another account, through a role there.

use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{ProvideCredentials, future};
use aws_sdk_sts::Client;
use aws_sdk_sts::config::Builder;
use aws_sdk_sts::config::timeout::TimeoutConfig;
use aws_sdk_sts::error::ProvideErrorMetadata as _;
use aws_types::SdkConfig;
use sagebell_monitor::causes::with_causes;
use sagebell_monitor::member::Member;

/// The name under which CloudTrail of the other account shows the monitor's calls.
const SESSION: &str = "sagebell";
/// As long as a call of SageMaker itself may take (`connect.rs`).
const ATTEMPT: Duration = Duration::from_secs(3);
const WHOLE: Duration = Duration::from_secs(7);

/// The credentials of the role in a member's account. The client that calls SageMaker with them keeps them
/// until shortly before they expire.
#[derive(Debug)]
pub(crate) struct MemberRole {
    sts: Client,
    member: Member,
}

impl MemberRole {
    /// Does no I/O.
    pub(crate) fn new(sdk: &SdkConfig, member: Member) -> Self {
        let timeouts =
            TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT).operation_timeout(WHOLE);
        let config = Builder::from(sdk).timeout_config(timeouts.build()).build();
        Self { sts: Client::from_conf(config), member }
    }

    async fn assume(&self) -> Result<Credentials, CredentialsError> {
        let role = &self.member.role;
        let call = self.sts.assume_role().role_arn(role).role_session_name(SESSION);
        let answer = call.send().await.map_err(|error| match error.code() {
            // STS gives no other word for a role that is not there ("AssumeRole", AWS STS API reference).
            Some("AccessDenied") => CredentialsError::not_loaded(format!(
                "the monitor may not assume {role} ({}). Deploy infra/iam/member.yaml in account {}, with this stack \
                 as its monitor",
                error.message().unwrap_or("AccessDenied"),
                self.member.account
            )),
            _ => CredentialsError::provider_error(format!(
                "{role} could not be assumed: {}",
                with_causes(&error)
            )),
        })?;
        let given = answer.credentials();
        let given = given.ok_or_else(|| CredentialsError::unhandled("STS gave no credentials"))?;
        Ok(Credentials::new(
            given.access_key_id(),
            given.secret_access_key(),
            Some(given.session_token().to_owned()),
            (*given.expiration()).try_into().ok(),
            "AssumeRole",
        ))
    }
}

impl ProvideCredentials for MemberRole {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(self.assume())
    }
}
