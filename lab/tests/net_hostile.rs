//! The driver among hostile and broken peers: each is refused or survived, counted, and honest traffic goes on.

#![cfg(feature = "net")]

use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use spacelike::machine::NodeId;
use spacelike_lab::net::{Limits, Listener, Node, OnDrift, Refusal};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

mod support;
use support::{
    CLUSTER, HELLO, HeldDisk, Hello, Message, PATIENCE, Probe, Raw, Request, VERSION, ask, config,
    eventually, listener, quick, run, stamp, stamp_ahead, start, told, watchful,
};

const ONE: NodeId = NodeId(1);
const TWO: NodeId = NodeId(2);
const THREE: NodeId = NodeId(3);

/// Node 1, a victim; node 3, an honest peer of its; and node 2, whom the victim knows and the test plays.
struct Scene {
    victim: Node<Probe>,
    honest: Node<Probe>,
    address: SocketAddr,
    /// Where the victim dials node 2. Nobody answers there, and nobody else may have the port: a node of another test
    /// would be greeted as a peer.
    _silent: Listener,
}

async fn scene(change: impl FnOnce(&mut spacelike_lab::net::Config)) -> Scene {
    let (a, b, silent) = (listener(), listener(), listener());
    let (at_a, at_b) = (a.local_addr(), b.local_addr());
    let mut of_victim = config(1, &[(2, silent.local_addr()), (3, at_b)]);
    change(&mut of_victim);
    let (victim, _) = start(a, of_victim).await;
    let (honest, _) = start(b, config(3, &[(1, at_a)])).await;
    Scene { victim, honest, address: at_a, _silent: silent }
}

impl Scene {
    /// A ping there and back, in both directions.
    async fn honest_traffic_goes_on(&self, value: u64) {
        assert_eq!(ask(&self.honest, Request::Ping(ONE, value)).await, [value]);
        assert_eq!(ask(&self.victim, Request::Ping(THREE, value)).await, [value]);
        assert_eq!(self.honest.stats().connects, 1, "the honest connection was disturbed");
    }

    async fn refused(&self, refusal: Refusal, times: u64) {
        let what = format!("{times} times {refusal:?}");
        eventually(&self.victim, &what, |stats| {
            stats.refused_hellos.get(&refusal).is_some_and(|&count| count >= times)
        })
        .await;
    }
}

/// Every wrong hello is refused for its reason, is told the reason if it speaks our language, and is hung up on.
#[test]
fn wrong_hellos_are_refused() {
    run(async {
        let scene = scene(|config| config.limits.hello_timeout = Duration::from_millis(400)).await;
        let (mark, version, cluster, from, to, incarnation, attempt) = HELLO;
        let cases: [(Hello, Refusal); 5] = [
            ((mark, version + 1, cluster, from, to, incarnation, attempt), Refusal::Version),
            ((mark, version, cluster + 1, from, to, incarnation, attempt), Refusal::Cluster),
            ((mark, version, cluster, 1, to, incarnation, attempt), Refusal::OwnId),
            ((mark, version, cluster, 99, to, incarnation, attempt), Refusal::Unknown),
            ((mark, version, cluster, from, 3, incarnation, attempt), Refusal::Misdirected),
        ];
        for (hello, refusal) in cases {
            let (mut raw, welcome) = Raw::greet(scene.address, hello).await;
            assert!(!welcome, "{refusal:?}");
            raw.closed().await;
            scene.refused(refusal, 1).await;
        }

        // Garbage: no hello at all, a hello cut short, one with bytes left over, a prefix of four gigabytes.
        let mut garbage: Vec<Vec<u8>> = vec![
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            [&[0, 0, 0, 5], &b"splk\x02"[..]].concat(),
            u32::MAX.to_be_bytes().to_vec(),
            65u32.to_be_bytes().to_vec(),
            vec![0; 4],
        ];
        let hello = postcard::to_stdvec(&HELLO).unwrap();
        let prefix = u32::try_from(hello.len() + 1).unwrap().to_be_bytes();
        garbage.push([&prefix, &hello[..], &[0]].concat());
        let count = garbage.len() as u64;
        for bytes in garbage {
            let mut raw = Raw::connect(scene.address).await;
            raw.bytes(&bytes).await;
            assert_eq!(raw.read().await, None, "garbage is told nothing: {bytes:?}");
        }
        scene.refused(Refusal::Garbage, count).await;

        drop(Raw::connect(scene.address).await);
        scene.refused(Refusal::Closed, 1).await;

        // A slow-loris: a byte now and then keeps nothing open.
        let mut slow = Raw::connect(scene.address).await;
        let (mut read, mut write) = slow.split();
        let trickle = async {
            loop {
                drop(write.write_all(&[0]).await);
                sleep(Duration::from_millis(150)).await;
            }
        };
        tokio::select! {
            () = trickle => {}
            _ = timeout(PATIENCE, read.read_u8()) => {}
        }
        scene.refused(Refusal::Timeout, 1).await;

        scene.honest_traffic_goes_on(1).await;
        assert_eq!(scene.victim.stats().refused_frames, 0);
        assert!(scene.victim.stats().accepted.contains(&THREE));
        assert!(!scene.victim.stats().accepted.contains(&TWO));
    });
}

/// A crowd of silent strangers neither keeps a peer out nor stays: the oldest go.
#[test]
fn crowd_of_strangers_keeps_nobody_out() {
    run(async {
        let scene = scene(|config| {
            config.limits = Limits { strangers_max: 8, hello_timeout: Duration::from_secs(60), ..quick() };
        })
        .await;
        scene.honest_traffic_goes_on(1).await;
        let mut crowd = Vec::new();
        for _ in 0..40 {
            crowd.push(Raw::connect(scene.address).await);
        }
        scene.refused(Refusal::Crowded, 32).await;
        let (_peer, welcome) = Raw::greet(scene.address, HELLO).await;
        assert!(welcome, "a peer gets in among {} strangers", crowd.len());
        let first = crowd.first_mut().unwrap();
        first.closed().await;
        scene.honest_traffic_goes_on(2).await;
    });
}

/// A peer that said hello and then sends what is no frame, or one that is too long, or breaks off in the middle of one,
/// loses its connection and nothing else happens. It may come back.
#[test]
fn bad_frames_cost_the_connection() {
    run(async {
        let scene = scene(|_| {}).await;
        let valid = postcard::to_stdvec(&(0u8, stamp(), Message::Value(5))).unwrap();
        let framed = |bytes: &[u8]| [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat();
        let bad: Vec<Vec<u8>> = vec![
            framed(&[0xFF; 40]),                                    // no such kind of frame
            framed(&[&valid[..], &[0]].concat()),                   // a byte left over
            framed(&valid[..valid.len() - 1]),                      // a byte missing
            framed(&[0, 0, 0, 5]),                                  // a stamp of zero
            framed(&[]),                                            // nothing
            framed(&[2, 7]),                                        // a heartbeat without a time
            framed(&[2, 7, 9, 0]),                                  // a heartbeat and a byte
            framed(&[&[2], &[0xFF; 9][..], &[2, 0]].concat()),      // a number above 64 bits
            framed(&[3]),                                           // no such kind of frame yet
            u32::MAX.to_be_bytes().to_vec(),                        // four gigabytes to come
            ((1u32 << 20) + 1).to_be_bytes().to_vec(),              // one byte too many
            framed(&[0, 1, 3, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), // a message of 2^38 bytes, it says
        ];
        let mut attempt = 0;
        let mut greet = async || {
            attempt += 1;
            let (mark, version, cluster, from, to, incarnation, _) = HELLO;
            let hello = (mark, version, cluster, from, to, incarnation, attempt);
            let (raw, welcome) = Raw::greet(scene.address, hello).await;
            assert!(welcome, "it may come back");
            raw
        };
        for (index, bytes) in bad.iter().enumerate() {
            let mut raw = greet().await;
            raw.bytes(bytes).await;
            raw.closed().await;
            let refused = index as u64 + 1;
            eventually(&scene.victim, "refused", |stats| stats.refused_frames == refused).await;
        }
        assert_eq!(scene.victim.stats().received, 0);

        // A reset in the middle of a frame, after a whole one.
        let mut raw = greet().await;
        raw.message(stamp(), Message::Value(8)).await;
        eventually(&scene.victim, "the whole one", |stats| stats.received == 1).await;
        raw.bytes(&framed(&valid)[..9]).await;
        raw.reset();
        eventually(&scene.victim, "gone", |stats| !stats.accepted.contains(&TWO)).await;

        scene.honest_traffic_goes_on(1).await;
        assert_eq!(ask(&scene.victim, Request::Received(TWO)).await, [8]);
    });
}

/// What a peer lies in its heartbeats about its number and its clock, and in its hello about its life, is forgotten with the
/// connection: its next one is as good as its first, though it says less of each. A flood of beats disturbs nobody.
#[test]
fn lies_about_heartbeats_are_forgotten() {
    run(async {
        let scene = scene(|config| config.detection = watchful(Duration::from_millis(300))).await;
        let beats = || scene.victim.peers().get(&TWO).map_or(0, |health| health.peer.beats);
        for (life, lie) in [(u64::MAX, u64::MAX), (7, u64::MAX), (1, 1 << 63), (1, 0)] {
            let (mut raw, welcome) =
                Raw::greet(scene.address, (HELLO.0, VERSION, CLUSTER, 2, 1, life, life)).await;
            assert!(welcome);
            let before = beats();
            let began = Instant::now();
            for beat in 0..20 {
                // As it is: on a slow machine a beat that claims to be from before comes out of a backlog.
                raw.beat(beat, u64::try_from(began.elapsed().as_nanos()).unwrap()).await;
                sleep(Duration::from_millis(20)).await;
            }
            // A slow machine takes several at once, and then counts the last.
            eventually(&scene.victim, "beats", |_| beats() >= before + 5).await;
            told(&scene.victim, TWO, |told| told.last() != Some(&1)).await;
            for sent in [lie, 0, u64::MAX] {
                raw.beat(lie, sent).await;
            }
            for _ in 0..10_000 {
                raw.beat(lie, lie).await;
            }
            // A lie keeps nobody alive: what is no news is none.
            told(&scene.victim, TWO, |told| told.last() == Some(&1)).await;
            drop(raw);
            eventually(&scene.victim, "gone", |stats| !stats.accepted.contains(&TWO)).await;
        }
        assert_eq!(scene.victim.stats().refused_frames, 0);
        scene.honest_traffic_goes_on(1).await;
    });
}

/// A second connection of one peer takes the first one's place if it is newer, by life and then by attempt. An older one
/// is refused, and the first goes on undisturbed.
#[test]
fn newer_connection_replaces_and_older_is_refused() {
    run(async {
        let scene = scene(|_| {}).await;
        let hello = |incarnation, attempt| (HELLO.0, VERSION, CLUSTER, 2, 1, incarnation, attempt);
        let (mut first, welcome) = Raw::greet(scene.address, hello(5, 3)).await;
        assert!(welcome);
        for older in [hello(5, 3), hello(5, 2), hello(4, 9)] {
            let (mut raw, welcome) = Raw::greet(scene.address, older).await;
            assert!(!welcome, "{older:?}");
            raw.closed().await;
        }
        scene.refused(Refusal::Stale, 3).await;
        first.message(stamp(), Message::Value(1)).await;
        eventually(&scene.victim, "the first is alive", |stats| stats.received == 1).await;

        let (mut second, welcome) = Raw::greet(scene.address, hello(5, 4)).await;
        assert!(welcome);
        first.closed().await;
        let (mut third, welcome) = Raw::greet(scene.address, hello(6, 1)).await;
        assert!(welcome);
        second.closed().await;
        third.message(stamp(), Message::Value(2)).await;
        eventually(&scene.victim, "the third is alive", |stats| stats.received == 2).await;
        assert_eq!(scene.victim.stats().replaced, 2);
        assert_eq!(scene.victim.stats().half_open, 0, "they were closed at once, not for their silence");
        assert!(scene.victim.stats().accepted.contains(&TWO));
        scene.honest_traffic_goes_on(1).await;
    });
}

/// A peer that says hello and nothing more is dropped after a while; one that keeps asking stays, and is answered.
#[test]
fn silent_peer_is_dropped_and_keepalive_answered() {
    run(async {
        let scene = scene(|config| config.limits.idle_timeout = Duration::from_millis(700)).await;
        let (mut raw, _) = Raw::greet(scene.address, HELLO).await;
        for _ in 0..3 {
            raw.send(&1u8).await;
            assert_eq!(raw.read().await, Some(vec![1]));
        }
        raw.closed().await;
        eventually(&scene.victim, "counted", |stats| stats.half_open >= 1).await;
        assert!(!scene.victim.stats().accepted.contains(&TWO));
    });
}

/// A peer whose stamps are from the future: they are counted and not taken over, and its messages delivered or not as
/// configured. Honest stamps are not affected.
#[test]
fn stamps_from_the_future_are_refused() {
    for (on_drift, delivered) in [(OnDrift::Deliver, vec![1, 2]), (OnDrift::Refuse, vec![2])] {
        run(async {
            let scene = scene(|config| config.on_drift = on_drift).await;
            let (mut raw, _) = Raw::greet(scene.address, HELLO).await;
            raw.message(stamp_ahead(Duration::from_secs(3_600)), Message::Value(1)).await;
            eventually(&scene.victim, "refused", |stats| stats.refused_stamps == 1).await;
            raw.message(stamp(), Message::Value(2)).await;
            while ask(&scene.victim, Request::Received(TWO)).await != delivered {
                sleep(Duration::from_millis(5)).await;
            }
            assert!(scene.victim.stats().hlc_lead_max < Duration::from_secs(60));
            scene.honest_traffic_goes_on(1).await;
        });
    }
}

/// An acceptor that never answers a hello, one that answers with garbage, one that is another node, and one that welcomes
/// us and then never reads: each is given up and tried again, and what waits for it costs bounded memory.
#[test]
fn broken_acceptors_are_given_up() {
    #[derive(Clone, Copy, PartialEq, Debug)]
    enum Kind {
        Mute,
        Garbage,
        OtherNode,
        HalfOpen,
    }
    run(async {
        for kind in [Kind::Mute, Kind::Garbage, Kind::OtherNode, Kind::HalfOpen] {
            let broken = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let mut of_one = config(1, &[(2, broken.local_addr().unwrap())]);
            of_one.limits.hello_timeout = Duration::from_millis(300);
            of_one.limits.idle_timeout = Duration::from_millis(500);
            of_one.limits.queue_max = 4;
            of_one.limits.flush_timeout = Duration::from_millis(200);
            let (one, _) = start(listener(), of_one).await;
            let acceptor = tokio::spawn(async move {
                let mut kept: Vec<TcpStream> = Vec::new();
                loop {
                    let (mut stream, _) = broken.accept().await.unwrap();
                    let node = if kind == Kind::OtherNode { 9u32 } else { 2 };
                    let welcome = postcard::to_stdvec(&(b"kaps", VERSION, 0u8, CLUSTER, node, 1u64)).unwrap();
                    let answer = match kind {
                        Kind::Mute => vec![],
                        Kind::Garbage => b"\0\0\0\x05hello".to_vec(),
                        Kind::OtherNode | Kind::HalfOpen => {
                            [&u32::try_from(welcome.len()).unwrap().to_be_bytes(), &welcome[..]].concat()
                        }
                    };
                    drop(stream.write_all(&answer).await);
                    kept.push(stream);
                }
            });
            if kind == Kind::HalfOpen {
                eventually(&one, "it looks connected", |stats| stats.connects == 1).await;
                // Until the sockets' buffers and the queue are full.
                while one.stats().dropped_full == 0 {
                    ask(&one, Request::Send(TWO, Message::Bulk(vec![1; 500_000]))).await;
                }
                eventually(&one, "it is noticed", |stats| stats.half_open >= 1).await;
            }
            let stats = eventually(&one, "tried again", |stats| stats.reconnects >= 2).await;
            assert_eq!(stats.connects > 0, kind == Kind::HalfOpen, "{kind:?}");
            assert_eq!(ask(&one, Request::Echo(1)).await, [1]);
            one.shutdown().await.unwrap();
            acceptor.abort();
        }
    });
}

/// A peer that floods a node whose disk is stuck is made to wait by TCP: the node takes no more than its inbox holds,
/// whether that is counted in messages or in bytes. When the disk goes on, so does the peer.
#[test]
fn flood_is_held_back_by_tcp() {
    // In each case one limit holds, and the other is far away.
    for (inbox_max, inbox_bytes_max) in [(4, 1 << 30), (1 << 20, 4 << 20)] {
        run(async {
            let disk = HeldDisk::default();
            let scene = scene(|config| {
                config.slots = spacelike_lab::net::Slots::Disk(Box::new(disk.clone()));
                config.limits.held_max = 2;
                config.limits.inbox_max = inbox_max;
                config.limits.inbox_bytes_max = inbox_bytes_max;
            })
            .await;
            let (mut raw, _) = Raw::greet(scene.address, HELLO).await;
            disk.hold();
            let victim = Arc::new(scene.victim);
            let held = tokio::spawn({
                let victim = Arc::clone(&victim);
                async move { victim.request(Request::Add(1)).await }
            });
            eventually(&victim, "the disk is behind", |stats| stats.persists == 1).await;

            let body = postcard::to_stdvec(&(0u8, stamp(), Message::Bulk(vec![0; 900_000]))).unwrap();
            let frame = [&u32::try_from(body.len()).unwrap().to_be_bytes(), &body[..]].concat();
            let taken = AtomicU64::new(0);
            let (_read, mut write) = raw.split();
            let flood = async {
                loop {
                    let mut rest = &frame[..];
                    while !rest.is_empty() {
                        let count = write.write(rest).await.expect("the victim doesn't hang up");
                        rest = &rest[count..];
                        taken.fetch_add(count as u64, Ordering::Relaxed);
                    }
                }
            };
            tokio::pin!(flood);

            // What the inbox holds, a frame that waits for its place in it and one that is being read, and what the
            // system keeps of both sockets.
            let frames_max = inbox_max.min(inbox_bytes_max / frame.len()) + 2;
            let taken_max = (frames_max * frame.len() + SOCKETS_MAX) as u64;
            let stuck = async {
                let (mut last, mut since) = (0, Instant::now());
                while last == 0 || since.elapsed() < Duration::from_secs(1) {
                    sleep(Duration::from_millis(20)).await;
                    let now = taken.load(Ordering::Relaxed);
                    assert!(now <= taken_max, "{now} bytes were taken, at most {taken_max} have a place");
                    if now != last {
                        (last, since) = (now, Instant::now());
                    }
                }
                last
            };
            let stuck = tokio::select! {
                () = &mut flood => unreachable!("a flood has no end"),
                taken = stuck => taken,
            };
            assert_eq!(victim.stats().received, 0);

            disk.release();
            assert_eq!(held.await.unwrap(), Ok(vec![1]));
            let more = stuck / frame.len() as u64 + 4;
            tokio::select! {
                () = &mut flood => unreachable!("a flood has no end"),
                _ = eventually(&victim, "it goes on", |stats| stats.received >= more) => {}
            }
        });
    }
}

/// More than the system keeps of a connection: its buffers grow to some megabytes at each end.
const SOCKETS_MAX: usize = 32 << 20;
