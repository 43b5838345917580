//! That a Databend must prove who it is unless the URL says otherwise.

#![cfg(feature = "tls")]
#![expect(clippy::unwrap_used, reason = "tests")]

use testkit::servers::{Certificates, DatabendServer, or_not_run};
use warehouse::Warehouse as _;
use warehouse::databend::{Databend, DatabendError, DatabendOptions, DatabendWarehouse};

fn options(dsn: &str) -> DatabendOptions {
    DatabendOptions::parse(dsn).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_databend_is_talked_to_only_if_it_proves_who_it_is() {
    let Some(certificates) = or_not_run(Certificates::make(&["server"], "DNS:localhost")) else { return };
    let (certificate, key) = (certificates.file("server.pem"), certificates.file("server.key"));
    let Some(server) = or_not_run(DatabendServer::start_encrypted(&certificate, &key)) else { return };
    let at = |host: &str, query: &str| format!("databend://root:@{host}:{}/default?{query}", server.port());
    let authority = |name: &str| format!("tls_ca_file={}", certificates.file(name).display());

    let ours = at("localhost", &authority("ours.pem"));
    let databend = Databend::new(options(&ours)).unwrap();
    assert_eq!(databend.query("SELECT 1 + 1").await.unwrap().rows, [[Some("2".to_owned())]]);
    // Migrations, a load and what is read of it.
    let warehouse = DatabendWarehouse::new(options(&ours).in_database("history"), 2).unwrap();
    assert_eq!(warehouse.positions().await.unwrap(), [0, 0]);

    for (dsn, told, why) in [
        (at("localhost", &authority("theirs.pem")), "certificate", "another authority's word counts for nothing"),
        (at("localhost", ""), "certificate", "nobody vouches for it"),
        (at("127.0.0.1", &authority("ours.pem")), "certificate", "the certificate is for another name"),
        (at("localhost", "sslmode=disable"), "", "the server wants encryption"),
    ] {
        match Databend::new(options(&dsn)).unwrap().query("SELECT 1").await {
            Err(DatabendError::Unavailable(error)) => assert!(error.contains(told), "{why}: {error}"),
            other => panic!("{why}: {other:?}"),
        }
    }
    for (name, told) in [("nowhere.pem", "nowhere.pem"), ("server.key", "no certificate")] {
        let refused = Databend::new(options(&at("localhost", &authority(name)))).unwrap_err().to_string();
        assert!(refused.contains(told), "{refused}");
    }
}
