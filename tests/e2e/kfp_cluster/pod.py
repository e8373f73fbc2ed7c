"""A pod: a process that sees a file system of its own, in which the launcher's folders are where they are in a pod.

What the container of the image has (Dockerfile of the step) is taken from this machine; `/tmp`, `/s3`, `/minio` and
`/gcs` are the pod's own. It needs no more than a user who may make a mount namespace.
"""

import os
import pathlib
import subprocess
import uuid

from conftest import ROOT

STEP = ROOT / "target" / "debug" / "sagebell-step"
# The folders that the launcher's own manifest mounts empty (compiler/argocompiler/container.go), and /tmp.
OWN = ("tmp", "s3", "minio", "gcs")
# What of this machine a process may need; and this checkout, wherever it is.
ENTER = """
set -e
root=$1 checkout=$2 step=$3
shift 3
mount -t tmpfs pod "$root/mnt"
for place in /*; do
    name=${place#/}
    if [ -L "$place" ]; then cp -P "$place" "$root/mnt/$name"
    elif [ -d "$place" ] && [ ! -d "$root/$name" ]; then
        mkdir "$root/mnt/$name"
        mount --rbind "$place" "$root/mnt/$name"
    fi
done
for own in tmp s3 minio gcs; do
    mkdir "$root/mnt/$own"
    mount --bind "$root/$own" "$root/mnt/$own"
done
if [ ! -d "$root/mnt$checkout" ]; then
    mkdir -p "$root/mnt$checkout"
    mount --rbind "$checkout" "$root/mnt$checkout"
fi
: > "$root/mnt/sagebell-step"
mount --bind "$step" "$root/mnt/sagebell-step"
exec chroot "$root/mnt" "$@"
"""


class Pod:
    def __init__(self, folder):
        self.name = f"pod-{uuid.uuid4()}"
        self.folder = folder / self.name
        for name in (*OWN, "mnt"):
            (self.folder / name).mkdir(parents=True)

    def file(self, path):
        """Where this machine has a file of the pod's own folders."""
        own = pathlib.PurePosixPath(path).relative_to("/")
        assert own.parts[0] in OWN, path
        return self.folder / own

    def start(self, words, environment, log):
        """Its process: signals reach the command itself, as nothing stands between."""
        unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--mount", "--map-root-user"]
        enter = [*unshare, "sh", "-c", ENTER, "pod", self.folder, ROOT, STEP]
        with log.open("w") as out:
            return subprocess.Popen([*map(str, enter), *words], env=environment, stdout=out, stderr=subprocess.STDOUT)
