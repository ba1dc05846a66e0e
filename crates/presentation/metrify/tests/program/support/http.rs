//! As much of HTTP as a test needs: one request, one answer.

use std::io::{Error, Read, Write};
use std::net::TcpStream;

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Answer {
    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(named, _)| named.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// # Errors
/// Where the connection breaks, as it does when the server is killed.
pub fn send(address: &str, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Result<Answer, Error> {
    let token = token.map(|token| format!("Bearer {token}"));
    let headers: Vec<(&str, &str)> = token.iter().map(|token| ("Authorization", token.as_str())).collect();
    send_with(address, &format!("{method} {path}"), &headers, body)
}

/// As [`send`], with headers.
pub fn send_with(address: &str, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Error> {
    send_form(address, request, &[&[("Content-Type", "application/json")], headers].concat(), body)
}

/// As [`send_with`], of a type that the headers name.
pub fn send_form(address: &str, request: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, Error> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let head = format!(
        "{request} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Length: {length}\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes())?;
    // A server that refuses may answer before it has read everything.
    let written = stream.write_all(body);
    let mut text = String::new();
    stream.read_to_string(&mut text).and(written.or_else(|error| if text.is_empty() { Err(error) } else { Ok(()) }))?;
    let (head, body) = text.split_once("\r\n\r\n").ok_or_else(|| Error::other("the answer has no head"))?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Error::other("the answer has no status"))?;
    let mut answer = Answer { status, head: head.to_owned(), body: body.to_owned() };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = joined(body)?;
    }
    Ok(answer)
}

/// The chunks of a body (RFC 9112, 7.1), each behind its length.
fn joined(mut chunked: &str) -> Result<String, Error> {
    let mut body = String::new();
    while let Some((length, rest)) = chunked.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).map_err(Error::other)?;
        let (chunk, rest) = rest.split_at_checked(length).ok_or_else(|| Error::other("a chunk is cut short"))?;
        body.push_str(chunk);
        chunked = rest.trim_start_matches("\r\n");
    }
    Ok(body)
}
