//! Two nodes over real sockets, one of which is stopped and started again: no ticket is handed out twice, and the other
//! node hears of each.
//!
//! `cargo run -p spacelike-lab --example two_nodes`

use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::net::SocketAddr;
use std::path::Path;

use serde::{Deserialize, Serialize};
use spacelike::machine::{Boot, Input, Machine, NodeId, Now, Outbox};
use spacelike_lab::clocks::OsClocks;
use spacelike_lab::net::{Config, Listener, Node, Slots, StartError};

/// Hands out numbers and tells its peers; remembers across restarts which is next.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Tickets {
    peers: Vec<NodeId>,
    next: u64,
    heard: BTreeSet<u64>,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
enum Ask {
    Ticket,
    Heard,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
struct HandedOut(u64);

impl Machine for Tickets {
    type Message = HandedOut;
    type Timer = ();
    type Request = Ask;
    type Response = u64;
    type Slot = ();
    type Record = u64;
    type Note = ();

    fn start(&mut self, _: Now, boot: Boot<'_, Self>, _: &mut Outbox<Self>) {
        self.next = boot.durable.get(&()).copied().unwrap_or(0);
    }

    fn step(&mut self, _: Now, input: Input<Self>, out: &mut Outbox<Self>) {
        match input {
            Input::Request { id, request: Ask::Ticket } => {
                let ticket = self.next;
                self.next += 1;
                // Neither the message nor the reply leaves before this is on the disk.
                out.persist((), self.next);
                out.broadcast(self.peers.iter().copied(), &HandedOut(ticket));
                out.reply(id, ticket);
            }
            Input::Request { id, request: Ask::Heard } => out.reply(id, self.heard.len() as u64),
            Input::Message { message: HandedOut(ticket), .. } => drop(self.heard.insert(ticket)),
            _ => {}
        }
    }
}

/// Starts a node in its folder.
async fn start(
    listener: Listener,
    (node, peer): (NodeId, NodeId),
    at: SocketAddr,
    home: &Path,
) -> Result<Node<Tickets>, StartError> {
    let mut config = Config::new(7, node, BTreeMap::from([(peer, at)]));
    config.slots = Slots::Folder(home.join(format!("node-{node}")));
    let machine = Tickets { peers: vec![peer], next: 0, heard: BTreeSet::new() };
    Node::start(listener, config, machine, OsClocks::new(), |_| {}).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let home = tempfile::tempdir()?;
    let anywhere = "127.0.0.1:0".parse()?;
    let (here, there) = (Listener::bind(anywhere)?, Listener::bind(anywhere)?);
    let addresses = [here.local_addr(), there.local_addr()];

    let one = start(here, (NodeId(1), NodeId(2)), addresses[1], home.path()).await?;
    let two = start(there, (NodeId(2), NodeId(1)), addresses[0], home.path()).await?;
    let first = one.request(Ask::Ticket).await?;
    println!("life {:x} of node 1 hands out ticket {first}", one.incarnation());
    let stats = one.shutdown().await?;
    println!("it stops after {} persists in {} syncs", stats.persists, stats.fsyncs);

    let one = start(Listener::bind(addresses[0])?, (NodeId(1), NodeId(2)), addresses[1], home.path()).await?;
    let second = one.request(Ask::Ticket).await?;
    println!("life {:x} of node 1 hands out ticket {second}", one.incarnation());
    assert_eq!((first, second), (0, 1));

    while two.request(Ask::Heard).await? < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    println!("node 2 heard of both");
    one.shutdown().await?;
    two.shutdown().await?;
    Ok(())
}
