//! What a call costs, in wall and processor time of parent and children: `cargo bench -p warden`.

use std::time::{Duration, Instant};

use warden::{Limits, Options, Warden, usage};

#[global_allocator]
static ALLOC: warden::Alloc = warden::Alloc;

const LIMITS: Limits =
    Limits { memory: 256 << 20, wall: Duration::from_secs(60), output: u64::MAX, frame: u32::MAX as u64 };

fn main() {
    if warden::child::is_child() {
        // Replies as many frames, of as many bytes, as the job says.
        warden::child::serve(|job, _, reply| {
            let number =
                |at: usize| job.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes);
            let frame = vec![7; number(4) as usize];
            (0..number(0)).for_each(|_| reply.send(&frame));
        });
    }
    println!("{:<44} {:>10} {:>12} {:>14}", "case", "wall µs", "parent µs", "children µs");
    measure("reused child, 1 frame of 100 bytes", u32::MAX, 20_000, 1, 100);
    measure("reused child, 100 frames of 100 bytes", u32::MAX, 1_000, 100, 100);
    measure("reused child, 1 frame of 64 MiB", u32::MAX, 10, 1, 64 << 20);
    measure("fresh child, 1 frame of 100 bytes", 1, 500, 1, 100);
    // The cost of a fork would grow with this; that of a start does not.
    let ballast = std::hint::black_box(vec![1_u8; 1 << 30]);
    measure("fresh child, parent of 1 GiB", 1, 500, 1, 100);
    drop(ballast);
}

fn measure(case: &str, jobs_per_child: u32, calls: u32, frames: u32, bytes: u32) {
    let job = [frames.to_le_bytes(), bytes.to_le_bytes()].concat();
    let (before, started) = (usage(), Instant::now());
    // Dropped inside: only children that were reaped are counted.
    let warden = Warden::new(Options { jobs_per_child, ..Options::default() });
    for _ in 0..calls {
        let call = warden.call(&job, None, &LIMITS).expect("a child starts");
        let received = call.map(|frame| frame.expect("the child lives").len()).sum::<usize>();
        assert_eq!(received, frames as usize * bytes as usize);
    }
    drop(warden);
    let (wall, after) = (started.elapsed(), usage());
    let each = |time: Duration| (time / calls).as_nanos() / 100;
    let tenths = |value: u128| format!("{}.{}", value / 10, value % 10);
    println!(
        "{case:<44} {:>10} {:>12} {:>14}",
        tenths(each(wall)),
        tenths(each(after.own - before.own)),
        tenths(each(after.children - before.children)),
    );
}
