//! Children that do not outlive the test.

use std::ffi::OsStr;
use std::io;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus};
use std::sync::OnceLock;
use std::sync::mpsc::{Sender, channel};

/// A child process. It is killed, by its id, when this value is dropped, and when the test process dies.
#[derive(Debug)]
pub struct Process {
    child: Child,
}

type Reply = Sender<io::Result<Child>>;

/// The kernel ends a child when the *thread* that started it ends, and a test is a thread: one that lives as long as
/// the process starts them all.
static STARTER: OnceLock<Sender<(Command, Reply)>> = OnceLock::new();

impl Process {
    /// A command that the kernel ends with its parent. Needs `setpriv` of util-linux, which asks the kernel for it.
    pub fn command(program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        command
    }

    /// Starts what [`Process::command`] made.
    pub fn start(command: Command) -> io::Result<Self> {
        let starter = STARTER.get_or_init(|| {
            let (sender, commands) = channel::<(Command, Reply)>();
            std::thread::spawn(move || {
                for (mut command, reply) in commands {
                    // The asker may be gone; then the child is ended by the drop of its guard.
                    if let Err(unsent) = reply.send(command.spawn())
                        && let Ok(child) = unsent.0
                    {
                        drop(Self { child });
                    }
                }
            });
            sender
        });
        let gone = || io::Error::other("the thread that starts children is gone");
        let (reply, answer) = channel();
        starter.send((command, reply)).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?.map(|child| Self { child })
    }

    /// The pipes to the child that its command asked for and nobody has taken yet.
    pub fn pipes(&mut self) -> (Option<ChildStdin>, Option<ChildStdout>) {
        (self.child.stdin.take(), self.child.stdout.take())
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    /// How it ended, if it has.
    pub fn status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Kills it as a power cut would: without a chance to clean up.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // A child that has ended already cannot be killed, and that is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}
