//! As much of HTTP as a test needs: one request, one answer.

use std::io::{Error, Read, Write};
use std::net::TcpStream;

/// An answer; its head is left away but for the status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// # Errors
/// Where the connection breaks, as it does when the server is killed.
pub fn send(address: &str, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Error> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    let token = token.map_or_else(String::new, |token| format!("Authorization: Bearer {token}\r\n"));
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n{token}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    // A server that refuses may answer before it has read everything.
    let written = stream.write_all(body);
    let mut text = String::new();
    stream.read_to_string(&mut text).and(written.or_else(|error| if text.is_empty() { Err(error) } else { Ok(()) }))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| Error::other("the answer has no head"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    Ok(Answer { status: status.ok_or_else(|| Error::other("the answer has no status"))?, body: body.to_owned() })
}
