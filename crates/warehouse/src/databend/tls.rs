//! Connections to a server that proves who it is.

use hyper_util::client::legacy::connect::HttpConnector;

use super::{DatabendError, DatabendOptions};

#[cfg(feature = "tls")]
pub(super) use encrypting::{Connector, connector};
#[cfg(not(feature = "tls"))]
pub(super) use plain::{Connector, connector};

#[cfg(feature = "tls")]
mod encrypting {
    use std::path::Path;
    use std::sync::Arc;

    use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
    use rustls::crypto::ring;
    use rustls::pki_types::CertificateDer;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::{ClientConfig, RootCertStore};

    use super::{DatabendError, DatabendOptions, HttpConnector};

    pub(in super::super) type Connector = HttpsConnector<HttpConnector>;

    /// Trusts the authority that is named, and nobody else; where none is, those that browsers trust.
    pub(in super::super) fn connector(
        options: &DatabendOptions,
        tcp: HttpConnector,
    ) -> Result<Connector, DatabendError> {
        let wrong = |error: rustls::Error| DatabendError::Misconfigured(error.to_string());
        let trusted = match &options.ca_file {
            Some(file) if options.is_encrypted() => authorities(file).map_err(DatabendError::Misconfigured)?,
            _ => RootCertStore::from_iter(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        };
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().map_err(wrong)?;
        let config = config.with_root_certificates(trusted).with_no_client_auth();
        let connector = HttpsConnectorBuilder::new().with_tls_config(config);
        let connector = if options.is_encrypted() { connector.https_only() } else { connector.https_or_http() };
        Ok(connector.enable_http1().wrap_connector(tcp))
    }

    fn authorities(file: &Path) -> Result<RootCertStore, String> {
        let wrong = |error: &dyn std::fmt::Display| format!("the authorities of {}: {error}", file.display());
        let certificates = CertificateDer::pem_file_iter(file).map_err(|error| wrong(&error))?;
        let mut trusted = RootCertStore::empty();
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(&error))?;
            trusted.add(certificate).map_err(|error| wrong(&error))?;
        }
        if trusted.is_empty() {
            return Err(wrong(&"it holds no certificate"));
        }
        Ok(trusted)
    }
}

#[cfg(not(feature = "tls"))]
mod plain {
    use super::{DatabendError, DatabendOptions, HttpConnector};

    pub(in super::super) type Connector = HttpConnector;

    /// Better no connection than one that is not what was asked for.
    const NO_TLS: &str = "this build does not encrypt: build with `--features distributed`, or say sslmode=disable, \
                          and let nobody stand between";

    pub(in super::super) fn connector(
        options: &DatabendOptions,
        tcp: HttpConnector,
    ) -> Result<Connector, DatabendError> {
        if options.is_encrypted() { Err(DatabendError::Misconfigured(NO_TLS.to_owned())) } else { Ok(tcp) }
    }
}
