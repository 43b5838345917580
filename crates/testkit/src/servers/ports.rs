//! Ports for servers that are told theirs before they start.
//!
//! Between the moment a port is found free and the moment its server takes it lie seconds of a busy machine. A port
//! that the system hands out may meanwhile become the near end of somebody's connection, of which tests make thousands;
//! so these are taken from below those, where only whoever asks for a port by its number comes.

use std::io;
use std::net::TcpListener;

/// Servers that people run are rather below.
const FIRST: u16 = 20_000;
/// Where Linux begins to hand out ports of connections, unless it is configured.
const USUAL_END: u16 = 32_768;
const RANGE: &str = "/proc/sys/net/ipv4/ip_local_port_range";

/// Returns ports on which nothing listens, all different.
pub fn free_ports<const N: usize>() -> io::Result<[u16; N]> {
    let mut ports = [0; N];
    // All are held until the last is known, so that they differ.
    let mut held = Vec::with_capacity(N);
    for port in &mut ports {
        let listener = listen()?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(ports)
}

fn listen() -> io::Result<TcpListener> {
    let end = first_of_connections().unwrap_or(USUAL_END);
    // As many tries as would fail only where next to nothing is free.
    for _ in 0..if end > FIRST { 64 } else { 0 } {
        let offset = (uuid::Uuid::new_v4().as_u128() % u128::from(end - FIRST)) as u16;
        if let Ok(listener) = TcpListener::bind(("127.0.0.1", FIRST + offset)) {
            return Ok(listener);
        }
    }
    TcpListener::bind(("127.0.0.1", 0))
}

fn first_of_connections() -> Option<u16> {
    std::fs::read_to_string(RANGE).ok()?.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_differ_and_are_none_that_a_connection_gets() {
        let ports: [u16; 20] = free_ports().unwrap();
        let end = first_of_connections().unwrap_or(USUAL_END);
        for (index, port) in ports.iter().enumerate() {
            assert!(!ports[..index].contains(port), "{ports:?}");
            assert!(end <= FIRST || (FIRST..end).contains(port), "{port}");
        }
    }
}
