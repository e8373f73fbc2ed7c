//! Whom a function believes to be AWS.

use rustls::pki_types::TrustAnchor;
use sha2::{Digest as _, Sha256};

use super::*;
use crate::aws::tests::Set;

/// "SHA-256 Hash of Subject Public Key Information" of the roots, in the order of [`AMAZON`].
/// <https://www.amazontrust.com/repository/>
const PUBLISHED: [&str; 5] = [
    "fbe3018031f9586bcbf41727e417b7d1c45c2f47f93be372a17b96b50757d5a2",
    "7f4296fc5b6a4e3b35d3c369623e364ab1af381d8fa7121533c9d6c633ea2461",
    "36abc32656acfc645c61b71613c4bf21c787f5cabbee48348d58597803d7abc9",
    "f7ecded5c66047d28ed6466b543c40e0743abe81d109254dcf845d4c2c7853c5",
    "2b071c59a0a0ae76b0eadb2bad23bad4580b69c3601b630c2eaf0613afa83f92",
];

/// The hash of an anchor's key as it stands in a certificate: in a DER sequence, whose head the
/// anchor leaves out.
fn hash_of_key(anchor: &TrustAnchor<'_>) -> String {
    let key = anchor.subject_public_key_info.as_ref();
    let size = u16::try_from(key.len()).unwrap().to_be_bytes();
    let head = match size {
        [0, short @ ..0x80] => vec![0x30, short],
        [0, long] => vec![0x30, 0x81, long],
        [high, low] => vec![0x30, 0x82, high, low],
    };
    let hash = Sha256::new().chain_update(head).chain_update(key).finalize();
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn trust(region: &str, variables: &[(&'static str, &'static str)]) -> Trust {
    Trust::new(&Set::from(variables), region).unwrap()
}

#[test]
fn the_roots_are_those_that_amazon_publishes_and_no_others() {
    let roots = amazons().unwrap().roots;
    assert_eq!(roots.iter().map(hash_of_key).collect::<Vec<_>>(), PUBLISHED);
}

#[tokio::test]
async fn amazons_roots_are_for_hosts_of_aws_alone() {
    let trust = trust("eu-west-1", &[]);
    let Known::Amazon(amazons) = &trust.known else { panic!("{:?}", trust.known) };
    for host in [
        "dynamodb.eu-west-1.amazonaws.com",
        "dynamodb-fips.us-east-1.amazonaws.com",
        "sqs.eu-west-1.api.aws",
        "abc.lambda-url.eu-west-1.on.aws",
        "vpce-1.execute-api.eu-west-1.vpce.amazonaws.com",
    ] {
        assert!(Arc::ptr_eq(&trust.of(host).await.unwrap(), amazons), "{host}");
    }
    for host in ["localhost", "amazonaws.com.example.org", "example-amazonaws.com", "10.0.0.1", ""]
    {
        assert!(!is_of_aws(host), "{host}");
    }
}

#[test]
fn the_machines_roots_are_for_other_partitions_and_for_those_who_name_them() {
    for region in ["cn-north-1", "us-gov-west-1", "us-iso-east-1", "eusc-de-east-1"] {
        assert!(matches!(trust(region, &[]).known, Known::Nothing), "{region}");
    }
    for place in PLACES {
        let known = trust("eu-west-1", &[(place, "/somewhere")]).known;
        assert!(matches!(known, Known::Nothing), "{place}");
    }
}

#[test]
fn a_bundle_that_cannot_be_read_is_said_at_the_start() {
    let missing = Set::from(&[(BUNDLE, "/not/there.pem")][..]);
    let problem = Trust::new(&missing, "eu-west-1").unwrap_err();
    assert!(problem.starts_with("AWS_CA_BUNDLE: no certificates in /not/there.pem"), "{problem}");
}

#[test]
fn http_1_is_all_that_is_offered() {
    let Known::Amazon(config) = trust("eu-west-1", &[]).known else { panic!() };
    assert_eq!(config.alpn_protocols, [b"http/1.1"]);
}
