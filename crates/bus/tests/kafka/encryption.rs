//! Brokers that are spoken to over TLS: they prove who they are, and so do we where they ask.

use std::path::Path;

use bus::EventLog as _;
use bus::kafka::{KafkaLog, KafkaOptions, KafkaSecurity, Sasl};
use schema::UserId;
use testkit::servers::{Certificates, Kafka, KafkaSettings, or_not_run};

use crate::counting::event;
use crate::installed::OnKafka;

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
    let made = Certificates::make(&["broker", "client"], "IP:127.0.0.1");
    let Some(certificates) = or_not_run(made) else { return };
    let pem = |name: &str| std::fs::read_to_string(certificates.file(name)).unwrap();
    std::fs::write(certificates.file("keystore.pem"), pem("broker.key") + &pem("broker.pem")).unwrap();
    let configuration = configuration(certificates.folder());
    let settings =
        KafkaSettings { listener: Some("SASL_SSL"), configuration: &configuration, ..KafkaSettings::default() };
    let Some(kafka) = or_not_run(Kafka::start(&settings)) else { return };
    let file = |name: &str| Some(certificates.file(name));
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

#[tokio::test(flavor = "multi_thread")]
async fn a_password_is_proven_without_being_sent() {
    let Some(certificates) = or_not_run(Certificates::make(&["broker"], "IP:127.0.0.1")) else { return };
    let pem = |name: &str| std::fs::read_to_string(certificates.file(name)).unwrap();
    std::fs::write(certificates.file("keystore.pem"), pem("broker.key") + &pem("broker.pem")).unwrap();
    let configuration = format!(
        "listener.name.second.ssl.keystore.type=PEM\n\
         listener.name.second.ssl.keystore.location={}\n\
         listener.name.second.sasl.enabled.mechanisms=SCRAM-SHA-512\n\
         listener.name.second.scram-sha-512.sasl.jaas.config=\
         org.apache.kafka.common.security.scram.ScramLoginModule required;\n",
        certificates.file("keystore.pem").display()
    );
    let scram_user = Some(("shoal", "s3cret"));
    let settings = KafkaSettings { listener: Some("SASL_SSL"), configuration: &configuration, scram_user };
    let Some(kafka) = or_not_run(Kafka::start(&settings)) else { return };
    let open = async |mechanism: &str, password: &str| {
        let sasl =
            Sasl { mechanism: mechanism.to_owned(), username: "shoal".to_owned(), password: password.to_owned() };
        let ca_file = Some(certificates.file("ours.pem"));
        let security = KafkaSecurity { tls: true, ca_file, sasl: Some(sasl), ..KafkaSecurity::default() };
        let request_timeout = std::time::Duration::from_secs(5);
        let brokers = kafka.second_listener();
        KafkaLog::open(KafkaOptions { brokers, security, request_timeout, ..OnKafka::on(&kafka).options }).await
    };
    let log = open("SCRAM-SHA-512", "s3cret").await.unwrap();
    log.append(vec![event(UserId(1), 1)]).await.unwrap();
    for (mechanism, password, why) in
        [("SCRAM-SHA-512", "guess", "it is another password"), ("PLAIN", "s3cret", "it is not to be sent")]
    {
        let refused = open(mechanism, password).await.err().unwrap().to_string();
        assert!(
            refused.to_lowercase().contains("authentication failed") || refused.contains("mechanism"),
            "{why}: {refused}"
        );
    }
}
