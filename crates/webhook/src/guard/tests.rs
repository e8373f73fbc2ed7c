use super::*;

/// Allows whatever can be allowed, so that only the nevers are left.
fn open() -> Guard {
    Guard::new(GuardConfig {
        allow: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        ports: vec![1..=u16::MAX],
        paths: CallbackPaths::Any,
        allow_loopback: false,
    })
}

fn cluster() -> Guard {
    Guard::new(GuardConfig {
        allow: vec!["10.0.0.0/8".parse().unwrap(), "fd12::/16".parse().unwrap()],
        ports: vec![8080..=8080, 9000..=9010],
        paths: CallbackPaths::Any,
        allow_loopback: false,
    })
}

fn check(guard: &Guard, url: &str) -> Result<(), CallbackRefused> {
    guard.check(&CallbackUrl::parse(url).unwrap())
}

fn refused(guard: &Guard, url: &str) -> String {
    match check(guard, url) {
        Ok(()) => panic!("{url} was allowed"),
        Err(CallbackRefused(reason)) => reason,
    }
}

#[test]
fn allowed_networks_and_ports_pass() {
    for url in [
        "http://10.1.2.3:8080/callback",
        "https://10.1.2.3:9010/",
        "http://[fd12::1]:9000/callback?run=1",
        "http://[::ffff:10.1.2.3]:8080/",
        "http://waiter.kubeflow.svc.cluster.local:8080/callback",
    ] {
        assert_eq!(check(&cluster(), url), Ok(()), "{url}");
    }
}

#[test]
fn an_address_outside_the_allow_list_is_refused_with_what_is_allowed() {
    assert_eq!(
        refused(&cluster(), "http://192.168.0.1:8080/"),
        "the address 192.168.0.1 is not allowed: use 10.0.0.0/8, fd12::/16"
    );
    refused(&cluster(), "http://[fd13::1]:8080/");
    refused(&cluster(), "http://[64:ff9b::192.168.0.1]:8080/");
}

#[test]
fn scheme_user_info_fragment_and_port_are_named() {
    let cases = [
        ("ftp://10.1.2.3:8080/", "the scheme `ftp` is not allowed"),
        ("unix://10.1.2.3:8080/", "the scheme `unix` is not allowed"),
        ("http://user@10.1.2.3:8080/", "user name and password"),
        ("http://:pass@10.1.2.3:8080/", "user name and password"),
        ("http://10.1.2.3:8080@169.254.169.254/", "user name and password"),
        ("http://10.1.2.3:8080/#x", "the fragment"),
        ("http://10.1.2.3:22/", "port 22 is not allowed: use 8080, 9000-9010"),
        ("http://10.1.2.3/", "port 80 is not allowed: use 8080, 9000-9010"),
        ("https://10.1.2.3/", "port 443 is not allowed: use 8080, 9000-9010"),
    ];
    for (url, expected) in cases {
        let reason = refused(&cluster(), url);
        assert!(reason.contains(expected), "{url}: {reason}");
    }
}

#[test]
fn nevers_are_refused_even_with_everything_allowed() {
    let cases = [
        ("169.254.169.254", "link-local"),
        ("169.254.170.2", "link-local"),
        ("169.254.170.23", "link-local"),
        ("[fd00:ec2::254]", "metadata"),
        ("[fd00:ec2::23]", "credentials"),
        ("[fe80::1]", "link-local"),
        ("[febf::1]", "link-local"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("[::1]", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("0.1.2.3", "unspecified"),
        ("[::]", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("[ff02::1]", "multicast"),
        ("255.255.255.255", "broadcast"),
        ("240.0.0.1", "reserved"),
        ("192.0.2.1", "documentation"),
        ("[2001:db8::1]", "documentation"),
        ("[2001::1]", "tunnel"),
        ("[64:ff9b:1::7f00:1]", "translation"),
    ];
    for (host, what) in cases {
        let reason = refused(&open(), &format!("http://{host}:8080/"));
        assert!(reason.contains(what), "{host}: {reason}");
        assert!(reason.contains("use 0.0.0.0/0, ::/0"), "{host}: {reason}");
    }
}

#[test]
fn addresses_in_disguise_are_refused() {
    let cases = [
        ("ipv4-mapped", "[::ffff:169.254.169.254]", "link-local"),
        ("ipv4-mapped in hex", "[::ffff:7f00:1]", "loopback"),
        ("ipv4-compatible", "[::127.0.0.1]", "loopback"),
        ("ipv4-translated", "[::ffff:0:127.0.0.1]", "loopback"),
        ("nat64", "[64:ff9b::169.254.169.254]", "link-local"),
        ("6to4", "[2002:7f00:1::]", "loopback"),
        ("decimal", "2130706433", "loopback"),
        ("decimal metadata", "2852039166", "link-local"),
        ("octal", "0177.0.0.1", "loopback"),
        ("hex", "0x7f000001", "loopback"),
        ("short", "127.1", "loopback"),
        ("mixed", "0xa9.0376.43518", "link-local"),
        ("trailing dot", "127.0.0.1.", "loopback"),
        ("full width", "１２７.０.０.１", "loopback"),
        ("percent", "%31%32%37.0.0.1", "loopback"),
    ];
    for (name, host, what) in cases {
        let reason = refused(&open(), &format!("http://{host}:8080/"));
        assert!(reason.contains(what), "{name}: {reason}");
    }
}

#[test]
fn localhost_is_refused_by_name() {
    for host in ["localhost", "LOCALHOST", "localhost.", "x.localhost", "x.localhost."] {
        let reason = refused(&open(), &format!("http://{host}:8080/"));
        assert!(reason.starts_with("the host"), "{host}: {reason}");
    }
    assert_eq!(check(&open(), "http://localhost.example.com:8080/"), Ok(()));
    assert_eq!(check(&open(), "http://notlocalhost:8080/"), Ok(()));
}

#[test]
fn the_local_stack_reaches_loopback_and_nothing_else() {
    let local = Guard::new(GuardConfig::local_stack());
    for host in ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "localhost"] {
        assert_eq!(check(&local, &format!("http://{host}:40001/callback")), Ok(()), "{host}");
    }
    assert_eq!(
        refused(&local, "http://10.0.0.1:8080/callback"),
        "the address 10.0.0.1 is not allowed: use loopback"
    );
    assert!(refused(&local, "http://169.254.169.254/callback").contains("link-local"));
}

#[test]
fn a_path_of_the_callers_choice_is_refused_and_the_query_is_free() {
    let local = Guard::new(GuardConfig::local_stack());
    assert_eq!(check(&local, "http://127.0.0.1:8080/callback?run=1"), Ok(()));
    for path in
        ["", "/", "/callback/", "/Callback", "/callback/../admin", "/%63allback", "//callback"]
    {
        let reason = refused(&local, &format!("http://127.0.0.1:8080{path}"));
        assert!(reason.ends_with("is not allowed: use /callback"), "{path}: {reason}");
    }
}

#[test]
fn a_deployment_may_choose_other_paths() {
    let guard = |paths: &str| {
        Guard::new(GuardConfig { paths: paths.parse().unwrap(), ..GuardConfig::local_stack() })
    };
    let two = guard("/hooks/sagebell, /callback");
    assert_eq!(check(&two, "http://127.0.0.1:8080/hooks/sagebell"), Ok(()));
    assert_eq!(check(&two, "http://127.0.0.1:8080/callback"), Ok(()));
    assert_eq!(
        refused(&two, "http://127.0.0.1:8080/hooks"),
        "the path `/hooks` is not allowed: use /hooks/sagebell,/callback"
    );
    assert_eq!(check(&guard("*"), "http://127.0.0.1:8080/anything/at?all"), Ok(()));
}

#[test]
fn paths_that_no_url_can_have_are_refused() {
    for text in ["", "callback", "/a,", "/a,b", "/a b", "/a?b", "/a#b", "/a,*", "/*", "/ü", "/a\nb"]
    {
        assert_eq!(text.parse::<CallbackPaths>(), Err(NotPaths), "{text:?}");
    }
}

#[test]
fn empty_lists_allow_nothing() {
    let config = GuardConfig {
        allow: vec![],
        ports: vec![80..=80],
        paths: CallbackPaths::Any,
        allow_loopback: false,
    };
    let reason = refused(&Guard::new(config.clone()), "http://10.0.0.1/");
    assert!(reason.contains("the allow-list is empty"), "{reason}");
    let reason = refused(&Guard::new(GuardConfig { ports: vec![], ..config }), "http://10.0.0.1/");
    assert!(reason.contains("the allow-list is empty"), "{reason}");
}
