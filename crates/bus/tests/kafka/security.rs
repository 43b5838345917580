//! Brokers that want to know who asks, and connections that nobody can listen to.

use bus::kafka::{KafkaLog, KafkaOptions, KafkaSecurity, Sasl};
use bus::{BusError, EventLog as _};
use schema::UserId;
use testkit::servers::{Kafka, KafkaSettings, or_not_run};

use crate::counting::event;
use crate::installed::OnKafka;

const LOGIN: KafkaSettings<'_> = KafkaSettings {
    listener: Some("SASL_PLAINTEXT"),
    scram_user: None,
    configuration: "\
listener.name.second.sasl.enabled.mechanisms=PLAIN
listener.name.second.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
user_shoal=\"s3cret\";
",
};

fn with_password(kafka: &Kafka, password: &str) -> KafkaOptions {
    let sasl = Sasl { mechanism: "PLAIN".to_owned(), username: "shoal".to_owned(), password: password.to_owned() };
    KafkaOptions {
        brokers: kafka.second_listener(),
        security: KafkaSecurity { sasl: Some(sasl), ..KafkaSecurity::default() },
        ..OnKafka::on(kafka).options
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_knows_the_password_may_append_and_others_are_told() {
    let Some(kafka) = or_not_run(Kafka::start(&LOGIN)) else { return };
    let log = KafkaLog::open(with_password(&kafka, "s3cret")).await.unwrap();
    log.append(vec![event(UserId(1), 1)]).await.unwrap();

    let wrong = KafkaOptions { request_timeout: std::time::Duration::from_secs(3), ..with_password(&kafka, "guess") };
    let refused = KafkaLog::open(wrong).await.err().unwrap();
    assert!(matches!(refused, BusError::Misfit(_)), "{refused}");
    assert!(refused.to_string().contains("Authentication failed"), "{refused}");
}
