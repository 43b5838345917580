//! That the server must prove who it is when the URL says so.

#![cfg(feature = "postgres")]

use store::UserStore as _;
use store::postgres::{PostgresOptions, PostgresStore};
use testkit::servers::{Certificates, Postgres, PostgresSettings, or_not_run};

/// Only encrypted connections over the network; the tests' own tools use the socket.
const ACCESS: &str = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";

#[tokio::test]
async fn a_server_is_talked_to_only_if_it_proves_who_it_is() {
    let Some(certificates) = or_not_run(Certificates::make(&["server"], "DNS:localhost")) else { return };
    let read = |name: &str| std::fs::read(certificates.file(name)).unwrap();
    let (certificate, key) = (read("server.pem"), read("server.key"));
    let settings = PostgresSettings {
        configuration: "ssl = on\nssl_cert_file = 'server.pem'\nssl_key_file = 'server.key'",
        access: Some(ACCESS),
        files: &[("server.pem", &certificate), ("server.key", &key)],
    };
    let Some(server) = or_not_run(Postgres::start(&settings)) else { return };
    let address = server.database();
    let by_name = address.replace("127.0.0.1", "localhost");
    let authority = |name: &str| format!("sslrootcert={}", certificates.file(name).display());
    let open = async |address: &str, query: &str| {
        PostgresStore::open(&PostgresOptions::new(format!("{address}?{query}"))).await
    };

    let ours = format!("sslmode=verify-full&{}", authority("ours.pem"));
    let store = open(&by_name, &ours).await.unwrap();
    assert!(store.users(None, 1).await.unwrap().is_empty());
    open(&by_name, "sslmode=require").await.unwrap();

    let theirs = format!("sslmode=verify-full&{}", authority("theirs.pem"));
    for (address, query, why) in [
        (&by_name, theirs.as_str(), "another authority's word counts for nothing"),
        (&by_name, "sslmode=verify-full", "nobody vouches for it"),
        (&address, ours.as_str(), "the certificate is for another name"),
        (&by_name, "sslmode=disable", "the server wants encryption"),
    ] {
        assert!(open(address, query).await.is_err(), "{why}");
    }
}
