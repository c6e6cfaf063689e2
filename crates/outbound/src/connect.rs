//! A connection to the first of some addresses that takes one.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::Failed;

/// How long one address has before the next is tried.
const PATIENCE: Duration = Duration::from_secs(4);

/// Connects to the addresses in their order.
pub(crate) async fn first(addresses: &[SocketAddr]) -> Result<TcpStream, Failed> {
    let mut failed = Failed::NoConnection;
    for address in addresses {
        match timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Small bodies go at once.
                let _ = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(_)) => failed = Failed::NoConnection,
            Err(_) => failed = Failed::TimedOut,
        }
    }
    Err(failed)
}
