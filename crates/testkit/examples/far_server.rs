//! A server of this machine as if it stood elsewhere: `far_server 6379 1000` passes TCP on to port 6379, 1,000 µs each
//! way, from the port that it prints, until its standard input ends.

use std::io;
use std::time::Duration;

use docmill_testkit::Proxy;

fn main() -> io::Result<()> {
    let number = |place| std::env::args().nth(place).and_then(|n| n.parse().ok());
    let (Some(port), Some(delay)) = (number(1), number(2)) else {
        return Err(io::Error::other("far_server PORT MICROSECONDS"));
    };
    let Ok(port) = u16::try_from(port) else { return Err(io::Error::other("no such port")) };
    let proxy = Proxy::start(port)?;
    proxy.delay(Duration::from_micros(delay));
    println!("{}", proxy.port());
    io::copy(&mut io::stdin(), &mut io::sink()).map(drop)
}
