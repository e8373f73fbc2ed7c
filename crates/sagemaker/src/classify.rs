//! The table of what SageMaker's error codes and messages mean.
//!
//! The codes come from the service model (`ResourceInUse`, `ResourceLimitExceeded`,
//! `ResourceNotFound`, `ConflictException`) and the API reference's "Common Errors". SageMaker
//! often uses `ValidationException` with a message where other services use a code. The messages
//! here are those that SageMaker's own Kubernetes controller (ACK) and moto match. The codes for
//! expired credentials are those of AWS's own SDKs (aws-sdk-go `aws/request/retryer.go`,
//! `credsExpiredCodes`), and so are those for a wrong clock (smithy-typescript
//! `packages/service-error-classification/src/constants.ts`, `CLOCK_SKEW_ERROR_CODES`).

use crate::error::Class;

const CODES: &[(&str, Class)] = &[
    ("AccessDenied", Class::Denied),
    ("AccessDeniedException", Class::Denied),
    ("IncompleteSignature", Class::Denied),
    ("IncompleteSignatureException", Class::Denied),
    ("InvalidClientTokenId", Class::Denied),
    ("InvalidSignatureException", Class::Denied),
    ("MissingAuthenticationToken", Class::Denied),
    ("MissingAuthenticationTokenException", Class::Denied),
    ("NotAuthorized", Class::Denied),
    ("OptInRequired", Class::Denied),
    ("SignatureDoesNotMatch", Class::Denied),
    ("UnrecognizedClientException", Class::Denied),
    ("ExpiredToken", Class::Stale),
    ("ExpiredTokenException", Class::Stale),
    ("RequestExpired", Class::Stale),
    ("RequestInTheFuture", Class::Stale),
    ("RequestTimeTooSkewed", Class::Stale),
    ("ConflictException", Class::Conflict),
    ("ResourceInUse", Class::Conflict),
    ("ResourceLimitExceeded", Class::LimitExceeded),
    ("ServiceQuotaExceededException", Class::LimitExceeded),
    ("ResourceNotFound", Class::NotFound),
    ("ResourceNotFoundException", Class::NotFound),
    ("RequestLimitExceeded", Class::Throttled),
    ("RequestThrottled", Class::Throttled),
    ("RequestThrottledException", Class::Throttled),
    ("SlowDown", Class::Throttled),
    ("Throttling", Class::Throttled),
    ("ThrottlingException", Class::Throttled),
    ("TooManyRequestsException", Class::Throttled),
    ("InternalFailure", Class::Unavailable),
    ("InternalServerError", Class::Unavailable),
    ("RequestTimeout", Class::Unavailable),
    ("RequestTimeoutException", Class::Unavailable),
    ("ServiceUnavailable", Class::Unavailable),
    ("ServiceUnavailableException", Class::Unavailable),
    ("InvalidParameterCombination", Class::Invalid),
    ("InvalidParameterValue", Class::Invalid),
    ("MissingParameter", Class::Invalid),
    ("SerializationException", Class::Invalid),
    ("UnknownOperationException", Class::Invalid),
    (VALIDATION, Class::Invalid),
];

const VALIDATION: &str = "ValidationException";

/// Said of the resource that a Describe, List, Stop or Delete names. A Create or
/// Update may say the same of another resource that its request names, so there
/// they mean a wrong request.
const MISSING: &[&str] =
    &["could not find", "cannot find", "does not exist", "not found", "recordnotfound", "no such"];

/// Said of the resource that a Create would make ("already exists", "cannot create
/// already existing …").
const EXISTING: &str = "already exist";

/// Said of a signature that is right but for its time. The codes are those of a wrong one
/// (Signature Version 4, "Troubleshoot signed requests": "Signature expired: … is now
/// earlier than …", "Signature not yet current: … is still later than …").
const SKEWED: &[&str] = &["signature expired", "signature not yet current"];

/// What an error answer means.
pub(crate) fn classify(
    operation: &str,
    code: Option<&str>,
    message: &str,
    status: Option<u16>,
) -> Class {
    let listed = |code| CODES.iter().find_map(|(known, class)| (*known == code).then_some(*class));
    let class = code.and_then(listed).unwrap_or_else(|| of_status(status));
    match class {
        Class::Invalid if code == Some(VALIDATION) => of_message(operation, message),
        Class::Conflict if creates(operation) && exists(code, message) => Class::AlreadyExists,
        Class::Denied if is_skewed(message) => Class::Stale,
        class => class,
    }
}

fn is_skewed(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    SKEWED.iter().any(|words| message.contains(words))
}

fn of_message(operation: &str, message: &str) -> Class {
    let message = message.to_ascii_lowercase();
    if names_one(operation) && MISSING.iter().any(|words| message.contains(words)) {
        Class::NotFound
    } else if creates(operation) && message.contains(EXISTING) {
        Class::AlreadyExists
    } else {
        Class::Invalid
    }
}

/// `ResourceInUse` says it by itself, `ConflictException` in words.
fn exists(code: Option<&str>, message: &str) -> bool {
    code == Some("ResourceInUse") || message.to_ascii_lowercase().contains(EXISTING)
}

fn names_one(operation: &str) -> bool {
    ["Describe", "List", "Stop", "Delete"].iter().any(|verb| operation.starts_with(verb))
}

fn creates(operation: &str) -> bool {
    operation.starts_with("Create")
}

fn of_status(status: Option<u16>) -> Class {
    match status {
        Some(401 | 403) => Class::Denied,
        Some(429) => Class::Throttled,
        Some(500..) => Class::Unavailable,
        _ => Class::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn validation(operation: &str, message: &str) -> Class {
        classify(operation, Some(VALIDATION), message, Some(400))
    }

    #[test]
    fn what_is_missing_is_said_in_many_words() {
        for (operation, message) in [
            ("DescribeTrainingJob", "Requested resource not found."),
            ("StopTrainingJob", "Requested resource not found."),
            ("DescribeEndpoint", "Could not find endpoint \"arn:aws:sagemaker:us-east-1:…\"."),
            ("DescribeModel", "Could not find model \"arn:aws:sagemaker:us-east-1:…\"."),
            ("DescribeProcessingJob", "Could not find requested job with name: x"),
            ("DescribeModelPackage", "ModelPackage arn:aws:sagemaker:… does not exist."),
            ("DescribeModelPackage", "Model package x not found"),
            ("DescribeNotebookInstance", "RecordNotFound"),
            ("DescribeCodeRepository", "Cannot find CodeRepository: \"arn:aws:sagemaker:…\""),
        ] {
            assert_eq!(validation(operation, message), Class::NotFound, "{operation}: {message}");
        }
        let typed = classify("DescribeImage", Some("ResourceNotFound"), "No Image", Some(400));
        assert_eq!(typed, Class::NotFound);
    }

    #[test]
    fn what_another_resource_lacks_is_a_wrong_request() {
        for (operation, message) in [
            ("CreateEndpointConfig", "Could not find model \"arn:aws:sagemaker:…\"."),
            ("UpdateEndpoint", "Could not find endpoint configuration \"arn:aws:sagemaker:…\"."),
            ("CreateTrainingJob", "S3 bucket x does not exist"),
        ] {
            assert_eq!(validation(operation, message), Class::Invalid, "{operation}: {message}");
        }
    }

    #[test]
    fn what_is_there_already_is_said_in_three_ways() {
        let existing = "Cannot create already existing endpoint \"arn:aws:sagemaker:…\".";
        assert_eq!(validation("CreateEndpoint", existing), Class::AlreadyExists);
        let taken = "Pipeline names must be unique. Pipeline with name (p) already exists.";
        assert_eq!(validation("CreatePipeline", taken), Class::AlreadyExists);
        let of = |operation, code, message| classify(operation, Some(code), message, Some(400));
        let job = "Job name must be unique within an AWS account and region";
        assert_eq!(of("CreateTrainingJob", "ResourceInUse", job), Class::AlreadyExists);
        let card = "Modelcard x already exists";
        assert_eq!(of("CreateModelCard", "ConflictException", card), Class::AlreadyExists);
    }

    #[test]
    fn a_state_that_forbids_is_no_duplicate() {
        let of = |operation, code| classify(operation, Some(code), "It is in use", Some(400));
        assert_eq!(of("DeleteImage", "ResourceInUse"), Class::Conflict);
        assert_eq!(of("UpdatePipeline", "ConflictException"), Class::Conflict);
        assert_eq!(of("CreateTrial", "ConflictException"), Class::Conflict);
    }

    #[test]
    fn codes_go_before_the_status() {
        let of = |code, status| classify("CreateTrainingJob", code, "", Some(status));
        assert_eq!(of(Some("ThrottlingException"), 400), Class::Throttled);
        assert_eq!(of(Some("AccessDeniedException"), 400), Class::Denied);
        assert_eq!(of(Some("ExpiredTokenException"), 400), Class::Stale);
        assert_eq!(of(Some("ExpiredToken"), 403), Class::Stale);
        assert_eq!(of(Some("ResourceLimitExceeded"), 400), Class::LimitExceeded);
        assert_eq!(of(Some("InternalFailure"), 500), Class::Unavailable);
    }

    #[test]
    fn a_signature_of_another_time_is_no_wrong_one() {
        let of = |code, message| classify("DescribeTrainingJob", Some(code), message, Some(400));
        let late = "Signature expired: 20260101T000000Z is now earlier than 20260101T005500Z";
        assert_eq!(of("InvalidSignatureException", late), Class::Stale);
        let early = "Signature not yet current: 20260101T010000Z is still later than …";
        assert_eq!(of("SignatureDoesNotMatch", early), Class::Stale);
        assert_eq!(of("RequestTimeTooSkewed", ""), Class::Stale);
        let wrong = "The request signature we calculated does not match the signature";
        assert_eq!(of("InvalidSignatureException", wrong), Class::Denied);
    }

    #[test]
    fn an_unknown_code_goes_by_the_status() {
        let of = |status| classify("DescribeModel", Some("NewException"), "not found", status);
        assert_eq!(of(Some(400)), Class::Other);
        assert_eq!(of(Some(403)), Class::Denied);
        assert_eq!(of(Some(429)), Class::Throttled);
        assert_eq!(of(Some(503)), Class::Unavailable);
        assert_eq!(of(None), Class::Other);
    }
}
