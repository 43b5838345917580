//! Brokers that are spoken to over TLS: they prove who they are, and so do we where they ask.

use std::path::Path;
use std::process::Command;

use bus::EventLog as _;
use bus::kafka::{KafkaLog, KafkaOptions, KafkaSecurity, Sasl};
use schema::UserId;
use tempfile::TempDir;
use testkit::servers::{Kafka, KafkaSettings, NotAvailable, or_not_run};

use crate::counting::event;
use crate::installed::OnKafka;

/// Makes two authorities and, by the first, certificates for the brokers and for us, with openssl.
fn certificates(folder: &Path) -> Result<(), NotAvailable> {
    let script = "
        for name in ours theirs; do
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout $name.key -out $name.pem -subj /CN=$name
        done
        printf 'subjectAltName = IP:127.0.0.1' > names
        for name in broker client; do
            openssl req -newkey rsa:2048 -nodes -keyout $name.key -out $name.csr -subj /CN=$name
            openssl x509 -req -in $name.csr -CA ours.pem -CAkey ours.key -CAcreateserial -days 2 -extfile names -out $name.pem
        done
        cat broker.key broker.pem > keystore.pem
    ";
    let unavailable = |reason: String| NotAvailable { server: "openssl", reason };
    let made = Command::new("sh").args(["-e", "-c", script]).current_dir(folder).output();
    let made = made.map_err(|error| unavailable(error.to_string()))?;
    let told = String::from_utf8_lossy(&made.stderr).into_owned();
    if made.status.success() { Ok(()) } else { Err(unavailable(told)) }
}

fn configuration(folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "listener.name.second.ssl.keystore.type=PEM\n\
         listener.name.second.ssl.keystore.location={folder}/keystore.pem\n\
         listener.name.second.ssl.truststore.type=PEM\n\
         listener.name.second.ssl.truststore.location={folder}/ours.pem\n\
         listener.name.second.ssl.client.auth=required\n\
         listener.name.second.sasl.enabled.mechanisms=PLAIN\n\
         listener.name.second.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
         user_shoal=\"s3cret\";\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn brokers_and_clients_prove_who_they_are() {
    let folder = TempDir::new().unwrap();
    if or_not_run(certificates(folder.path())).is_none() {
        return;
    }
    let configuration = configuration(folder.path());
    let settings = KafkaSettings { listener: Some("SASL_SSL"), configuration: &configuration };
    let Some(kafka) = or_not_run(Kafka::start(&settings)) else { return };
    let file = |name: &str| Some(folder.path().join(name));
    let security = KafkaSecurity {
        tls: true,
        ca_file: file("ours.pem"),
        certificate_file: file("client.pem"),
        key_file: file("client.key"),
        sasl: Some(Sasl { mechanism: "PLAIN".to_owned(), username: "shoal".to_owned(), password: "s3cret".to_owned() }),
    };
    let open = async |security: KafkaSecurity| {
        let request_timeout = std::time::Duration::from_secs(5);
        let brokers = kafka.second_listener();
        KafkaLog::open(KafkaOptions { brokers, security, request_timeout, ..OnKafka::on(&kafka).options }).await
    };
    let log = open(security.clone()).await.unwrap();
    log.append(vec![event(UserId(1), 1)]).await.unwrap();

    let refused = [
        (
            "another authority's word counts for nothing",
            KafkaSecurity { ca_file: file("theirs.pem"), ..security.clone() },
        ),
        ("nobody vouches for them", KafkaSecurity { ca_file: None, ..security.clone() }),
        ("they ask who we are", KafkaSecurity { certificate_file: None, key_file: None, ..security.clone() }),
        ("they speak nothing else", KafkaSecurity { tls: false, ..security }),
    ];
    for (why, security) in refused {
        assert!(open(security).await.is_err(), "{why}");
    }
}
