"""Disks of their own for nodes: ext4 on loop devices, which can be cut off, filled, frozen and cut short."""
import contextlib
import errno
import fcntl
import os
import shutil
import subprocess

# linux/fs/ext4/ext4.h; 2: what is not on disk stays off it, the journal included.
EXT4_IOC_SHUTDOWN = 0x8004587D
EXT4_GOING_FLAGS_NOLOGFLUSH = (2).to_bytes(4, "little")
TOOLS = ("mkfs.ext4", "losetup", "mount", "umount", "fsfreeze")


def run(*words, check=True):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=60)
    assert not check or done.returncode == 0, f"{words}: status {done.returncode}: {done.stderr}"
    return done


class Disk:
    """An image, its loop device, and the ext4 on it, which is mounted on `point`."""

    def __init__(self, image, point, megabytes, options=()):
        self.image, self.point = image, point
        self.device = None
        self.is_mounted = self.is_frozen = False
        point.mkdir(parents=True, exist_ok=True)
        with open(image, "wb") as file:
            file.truncate(megabytes << 20)
        run("mkfs.ext4", "-q", "-F", "-m", "0", *options, image)
        self.device = run("losetup", "--find", "--show", image).stdout.strip()
        self.mount()
        (point / "lost+found").rmdir()

    def mount(self):
        run("mount", self.device, self.point)
        self.is_mounted = True

    def cut_power(self):
        """From here on nothing reaches the disk; what had not is gone after `remount`."""
        folder = os.open(self.point, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(folder, EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH)
        finally:
            os.close(folder)

    def remount(self):
        run("umount", self.point)
        self.is_mounted = False
        self.mount()

    def fill(self):
        """Takes all room that there is."""
        with open(self.point / "ballast", "ab") as file:
            size = 64 << 20
            while size >= 4096:
                try:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, size)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def fill_reserves(self):
        """Takes all room, that which nodes keep for snapshots included."""
        for file in self.point.glob("journal-*/snapshot.reserve"):
            file.unlink(missing_ok=True)
        self.fill()

    def free(self):
        (self.point / "ballast").unlink(missing_ok=True)

    def freeze(self):
        """Lets every write wait until `thaw`."""
        run("fsfreeze", "--freeze", self.point)
        self.is_frozen = True

    def thaw(self):
        if self.is_frozen:
            run("fsfreeze", "--unfreeze", self.point)
            self.is_frozen = False

    def cut_short(self, megabytes):
        """Makes every access beyond the first megabytes fail."""
        os.truncate(self.image, megabytes << 20)
        run("losetup", "--set-capacity", self.device)

    def remove(self):
        with contextlib.suppress(AssertionError):
            self.thaw()
        if self.is_mounted and run("umount", self.point, check=False).returncode != 0:
            run("umount", "--lazy", self.point, check=False)
        if self.device:
            run("losetup", "--detach", self.device, check=False)


@contextlib.contextmanager
def disks(path, points, megabytes=256, options=()):
    """A disk mounted on each of `points`, with images in `path`."""
    made = []
    try:
        for number, point in enumerate(points):
            made.append(Disk(path / f"disk-{number + 1}.img", point, megabytes, options))
        yield made
    finally:
        for disk in made:
            disk.remove()


def obstacle(path):
    """Why there can be no such disks here; `None` when there can."""
    if os.geteuid() != 0:
        return "needs root"
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        return f"needs {', '.join(missing)}"
    try:
        with disks(path, [path / "probe"], megabytes=8) as (disk,):
            disk.freeze()
            disk.thaw()
    except (AssertionError, OSError) as error:
        return f"needs loop devices with ext4: {error}"
    return None
