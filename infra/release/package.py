"""Packs what deploys the monitor without a compiler: sagebell-aws-VERSION.tar.gz.

    package.py VERSION FUNCTIONS... TARGET

FUNCTIONS are folders with the functions of one architecture each, as ARCHITECTURE=FOLDER, where FOLDER/NAME/bootstrap
is the binary of each function. TARGET is the archive.

The template in it is CloudFormation, not SAM's dialect. It is what the linters check (lint/translate.py) and what the
tests deploy; AWS's macro could translate it differently one day. It takes the functions from a bucket of the user's, by
names that begin with their content: a new version changes exactly the functions that differ.
"""

import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile
import zipfile

INFRA = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(INFRA / "lint"))

from translate import TEMPLATE, load, translate  # noqa: E402

# The binary of each function, by its name in the template.
FUNCTIONS = {
    "Api": "api", "Callbacks": "signals", "JobEvents": "job-events", "Signals": "signals", "Sweep": "sweep",
}
# The condition that chooses between the two architectures.
ON_ARM64 = "OnArm64"
# What of this folder and the others goes along, by its place in the archive.
ALONG = {
    "README.md": INFRA / "release" / "README.md",
    "upload": INFRA / "release" / "upload",
    "iam": INFRA / "iam",
    "k8s": INFRA / "k8s",
    "LICENSE": INFRA.parent / "LICENSE",
}


def zipped(binary):
    """A function's archive, the same bytes for the same binary.
    Source: "Deploy Rust Lambda functions with .zip file archives", Lambda guide: an executable `bootstrap`."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        entry.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(entry, binary.read_bytes(), compresslevel=9)
    return packed.getvalue()


def archives(folders):
    """The files of the functions, and which file each function of the template has: {file: bytes}, and
    {architecture: {function: file}}."""
    files, places = {}, {}
    for architecture, folder in folders.items():
        places[architecture] = {}
        for name, binary in FUNCTIONS.items():
            body = zipped(folder / binary / "bootstrap")
            file = f"{hashlib.sha256(body).hexdigest()[:16]}-{binary}-{architecture}.zip"
            files[file] = body
            places[architecture][name] = file
    return files, places


def packaged(version, places):
    """The template, translated, with the functions in a bucket of the user's."""
    template = translate(load(TEMPLATE))
    template["Description"] = f"Sagebell {version}, an event-driven monitor of SageMaker jobs."
    template["Parameters"]["ArtifactBucket"] = {
        "Type": "String",
        "AllowedPattern": "^[a-z0-9.-]{3,63}$",
        "Description": "The bucket that `upload` put the functions into. It must be in the region of the stack.",
    }
    architecture = template["Parameters"]["Architecture"]
    architecture["AllowedValues"] = list(places)
    if architecture["Default"] not in places:
        architecture["Default"] = next(iter(places))
    if len(places) > 1:
        # No mapping: its keys may not have the underscore of x86_64.
        template["Conditions"][ON_ARM64] = {"Fn::Equals": [{"Ref": "Architecture"}, "arm64"]}
    for name in FUNCTIONS:
        function = template["Resources"][name]
        # How `sam build` builds it.
        del function["Metadata"]
        function["Properties"]["Code"] = {"S3Bucket": {"Ref": "ArtifactBucket"}, "S3Key": key_of(name, places)}
    return template


def key_of(function, places):
    """Where a function's archive is, for the architecture of the stack."""
    keys = {architecture: {"Fn::Sub": f"${{AWS::StackName}}/{files[function]}"} for architecture, files in places.items()}
    if len(keys) == 1:
        return next(iter(keys.values()))
    return {"Fn::If": [ON_ARM64, keys["arm64"], keys["x86_64"]]}


def add(archive, name, body, mode):
    """A file that has no time and no owner, so that the same content is the same archive."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(body), mode
    archive.addfile(entry, io.BytesIO(body))


def pack(version, folders, target):
    files, places = archives(folders)
    top = f"sagebell-aws-{version}"
    with (
        open(target, "wb") as file,
        # Without the file's name and time, which gzip would write down.
        gzip.GzipFile("", "wb", fileobj=file, mtime=0) as compressed,
        tarfile.open(fileobj=compressed, mode="w") as archive,
    ):
        template = json.dumps(packaged(version, places), indent=1)
        add(archive, f"{top}/template.json", template.encode(), 0o644)
        for name, body in sorted(files.items()):
            add(archive, f"{top}/functions/{name}", body, 0o644)
        for place, source in ALONG.items():
            for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
                if path.is_file():
                    name = path.relative_to(source) if source.is_dir() else ""
                    mode = 0o755 if path.stat().st_mode & 0o100 else 0o644
                    add(archive, str(pathlib.PurePosixPath(top, place, name)), path.read_bytes(), mode)


if __name__ == "__main__":
    version, *given, target = sys.argv[1:]
    pack(version, {name: pathlib.Path(folder) for name, folder in (one.split("=", 1) for one in given)}, target)
