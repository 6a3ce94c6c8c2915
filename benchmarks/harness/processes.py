"""Child processes: started as an unprivileged user where root would be refused, stopped by pid whatever happens."""

import ctypes
import os
import pwd
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1


class BenchError(Exception):
    """Something could not be run; the text says what and where to look."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged(name):
    """Popen arguments for running as `name`: empty unless we are root."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(name)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def give_to(path, name):
    if os.geteuid() == 0:
        entry = pwd.getpwnam(name)
        os.chown(path, entry.pw_uid, entry.pw_gid)


def run(arguments, **options):
    """A command that must succeed; returns its standard output."""
    done = subprocess.run(arguments, text=True, capture_output=True, **options)
    if done.returncode != 0:
        raise BenchError(f"{' '.join(map(str, arguments))}: exit status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Daemon:
    """A server in the foreground of its own session, with its output in a log file."""

    def __init__(self, name, arguments, log, stop_signal=signal.SIGTERM, **options):
        self.name, self.log, self.stop_signal = name, log, stop_signal
        # Own session: Ctrl-C reaches only the harness, which stops everything in order. Should the harness itself be
        # killed, the kernel sends the stop signal.
        prctl = ctypes.CDLL(None).prctl

        def die_with_parent():
            prctl(PR_SET_PDEATHSIG, stop_signal)

        with open(log, "wb") as output:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                                            start_new_session=True, preexec_fn=die_with_parent, **options)
        self.pid = self.process.pid

    def tail(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def wait_ready(self, probe, seconds=60):
        """Until probe() no longer raises."""
        deadline = time.monotonic() + seconds
        while True:
            if self.process.poll() is not None:
                raise BenchError(f"{self.name} ended with status {self.process.returncode}:\n{self.tail()}")
            try:
                return probe()
            except Exception as error:  # pylint: disable=broad-except
                if time.monotonic() > deadline:
                    raise BenchError(f"{self.name} does not answer: {error}\n{self.tail()}") from error
                time.sleep(0.05)

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
