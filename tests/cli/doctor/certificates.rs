//! Certificates and their times.

use std::time::SystemTime;

use rcgen::{CertificateParams, KeyPair};

use super::*;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const YEAR: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// A certificate that is good from so long ago for so long, and its key; as PEM.
fn certificate(since: Duration, good_for: Duration) -> (String, String) {
    good_from(SystemTime::now() - since, good_for)
}

fn good_from(from: SystemTime, good_for: Duration) -> (String, String) {
    let mut params = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
    params.not_before = from.into();
    params.not_after = (from + good_for).into();
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem();
    (pem, key.serialize_pem())
}

const FILES: [(&str, &str); 2] = [
    ("OTOMO_SERVER__TLS_CERT", "cert.pem"),
    ("OTOMO_SERVER__TLS_KEY", "key.pem"),
];

/// A place with these certificates; the key is the first one's.
fn place_with(chain: &[(String, String)]) -> Place {
    let place = Place::new();
    let pem: String = chain.iter().map(|(pem, _)| pem.as_str()).collect();
    fs::write(place.path().join("cert.pem"), pem).unwrap();
    fs::write(place.path().join("key.pem"), &chain[0].1).unwrap();
    place
}

/// What is said of a file with these certificates; the key is the first one's.
fn said_of(chain: &[(String, String)]) -> (String, String) {
    let (verdict, text, _) = said(&place_with(chain), &FILES, "certificate");
    (verdict, text)
}

#[test]
fn a_certificate_that_ends_within_two_weeks_or_has_ended_is_found() {
    for (left, verdict, says) in [
        (DAY * 16, "ok", "good for 15 days"),
        (DAY * 15, "ok", "good for 14 days"),
        (DAY * 14, "warning", "expires in 13 days"),
        (DAY, "warning", "expires in 0 days"),
        (Duration::ZERO, "failed", "it has expired"),
    ] {
        // An hour less: of the days that are left, only whole ones are told.
        let good_for = YEAR + left - Duration::from_secs(60 * 60);
        let (found, text) = said_of(&[certificate(YEAR, good_for)]);
        assert_eq!(found, verdict, "{text}");
        assert!(text.contains(says), "{text}");
    }
}

#[test]
fn a_certificate_that_is_not_good_yet_is_found() {
    let (found, text) = said_of(&[good_from(SystemTime::now() + DAY, YEAR)]);
    assert_eq!(found, "failed", "{text}");
    assert!(text.contains("not good yet"), "{text}");
}

#[test]
fn one_of_the_chain_that_has_ended_is_found() {
    let (good, over) = (certificate(DAY, YEAR), certificate(YEAR, YEAR - DAY));
    let (found, text) = said_of(&[good.clone(), over]);
    assert_eq!(found, "failed", "{text}");
    assert!(
        text.contains("at place 2 of its chain has expired"),
        "{text}"
    );
    let (found, text) = said_of(&[good, certificate(DAY, DAY * 2)]);
    assert_eq!(found, "warning", "{text}");
    assert!(text.contains("at place 2 of its chain expires"), "{text}");
}

#[test]
fn check_config_warns_of_a_certificate_that_clients_refuse() {
    for (made, says) in [
        (certificate(YEAR, DAY), Some("it has expired")),
        (
            good_from(SystemTime::now() + DAY, YEAR),
            Some("it is not good yet"),
        ),
        (certificate(DAY, YEAR), None),
    ] {
        let environment = [&[SECRET_SET], &FILES[..]].concat();
        let place = place_with(&[made]);
        let checked = place.otomo_with(&environment, &["check-config"]).printed();
        let warning = checked.lines().find(|line| line.starts_with("# Warning"));
        let right = match (warning, says) {
            (Some(warning), Some(says)) => {
                warning.contains("server.tls_cert: cert.pem") && warning.contains(says)
            }
            (warning, says) => warning == says,
        };
        assert!(right, "{warning:?}");
    }
}
