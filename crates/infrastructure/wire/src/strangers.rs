//! Clients that did not say yet who they are: so many at once, and so many of one address, each for a short time. Where one more comes, the
//! one goes that came first, so that nobody who is silent keeps another from coming in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::future::Future;
use std::net::{IpAddr, Ipv6Addr};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::sync::oneshot;

/// How long a client may take to come to terms about TLS, and to say who it is.
pub(crate) const WELCOME: Duration = Duration::from_secs(5);
/// Strangers of one protocol, in all and of one address.
const STRANGERS_MAX: usize = 512;
const OF_ADDRESS_MAX: usize = 64;
/// Bits of an address that tell networks of the sixth version apart: whoever has one has all that differ behind them.
const NETWORK_BITS: u32 = 64;

#[derive(Default)]
pub(crate) struct Strangers(Mutex<Known>);

/// They are numbered as they came. Whoever's sender is dropped is shown out.
#[derive(Default)]
struct Known {
    next: u64,
    all: BTreeMap<u64, (IpAddr, oneshot::Sender<()>)>,
    of: HashMap<IpAddr, BTreeSet<u64>>,
}

/// A client among them; it is none of them any more once this is dropped.
pub(crate) struct Stranger {
    strangers: Arc<Strangers>,
    number: u64,
    /// When it is shown out.
    end: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl Strangers {
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Stranger {
        let address = network(address);
        let (stays, shown_out) = oneshot::channel();
        let mut known = self.known();
        let of_address = known.of.get(&address).filter(|of_address| of_address.len() >= OF_ADDRESS_MAX);
        let first = match of_address.and_then(BTreeSet::first) {
            Some(first) => Some(*first),
            None if known.all.len() >= STRANGERS_MAX => known.all.keys().next().copied(),
            None => None,
        };
        if let Some(first) = first {
            known.forget(first);
        }
        let number = known.next;
        known.next += 1;
        known.all.insert(number, (address, stays));
        known.of.entry(address).or_default().insert(number);
        drop(known);
        // Either way it has to go: its time is over, or its place is another's.
        let end = Box::pin(async move { drop(tokio::time::timeout(WELCOME, shown_out).await) });
        Stranger { strangers: self.clone(), number, end }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn forget(&mut self, number: u64) {
        let Some((address, _)) = self.all.remove(&number) else { return };
        if let Some(of_address) = self.of.get_mut(&address) {
            of_address.remove(&number);
            if of_address.is_empty() {
                self.of.remove(&address);
            }
        }
    }
}

impl Stranger {
    /// Ready once it has to go.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.end.as_mut().poll(cx)
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.strangers.known().forget(self.number);
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let mask = u128::MAX << (u128::BITS - NETWORK_BITS);
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & mask))
        }
    }
}
