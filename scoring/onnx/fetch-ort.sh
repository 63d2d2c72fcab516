#!/bin/sh
# Brings ONNX Runtime's shared library into the folder given as $1, from the
# wheel on PyPI (pip) or, where there is no pip, from the npm package. Versions
# and the library's SHA-256 are pinned. Does nothing where ORT_LIB is set, where
# the system has the library, or where the right file is there already.
set -eu

dir=${1:?usage: fetch-ort.sh FOLDER}
pip_version=1.32.0
npm_version=1.30.0

case "$(uname -s)-$(uname -m)" in
Linux-x86_64)
    file=libonnxruntime.so
    wheel=manylinux_2_28_x86_64
    pip_sha=6c1585d1bbf45b0712ea4a21b705c5fcb4ba04ff2e30f1fbf81a49faf658638f
    npm_path=linux/x64/libonnxruntime.so.1
    npm_sha=ffb75a925ba05e47b235bb66e3e3911714a80b328a9c9425539feb204aa32a23 ;;
Linux-aarch64)
    file=libonnxruntime.so
    wheel=manylinux_2_28_aarch64
    pip_sha=49852228a93995158b2a813d4df487d47a1b76b0eaa894507ef49e91b6d7954a
    npm_path=linux/arm64/libonnxruntime.so.1
    npm_sha=1f549d46250b005580b597f4164984aaf75b3bcb9f3aeb07c7f8a8fe60b23c76 ;;
Darwin-arm64)
    file=libonnxruntime.dylib
    wheel=macosx_14_0_arm64
    pip_sha=fa585fabbea65b823b9a8f7e27d46aee3989d1be7e36b528203d3a1fd613aae7
    npm_path=darwin/arm64/libonnxruntime.1.30.0.dylib
    npm_sha=685d2be5dba1309c89d3a5324b7fd06a5c42f1a61bfea32d14c4cc28d072121d ;;
*)
    echo "ONNX Runtime: no pinned library for $(uname -sm): set ORT_LIB to the file of one" >&2
    exit 1 ;;
esac

sha256() {
    if command -v sha256sum >/dev/null 2>&1; then sha256sum "$1"; else shasum -a 256 "$1"; fi | cut -d ' ' -f 1
}

[ -z "${ORT_LIB:-}" ] || exit 0
for system in /usr/local/lib /usr/lib /usr/lib64 /opt/homebrew/lib /usr/lib/x86_64-linux-gnu /usr/lib/aarch64-linux-gnu; do
    [ ! -e "$system/$file" ] || exit 0
done
if [ -e "$dir/$file" ]; then
    case "$(sha256 "$dir/$file")" in "$pip_sha" | "$npm_sha") exit 0 ;; esac
fi

mkdir -p "$dir"
work=$(mktemp -d "$dir/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM

# from_pip leaves the library as $work/library. The wheel is a zip file.
from_pip() {
    command -v python3 >/dev/null 2>&1 && python3 -m pip --version >/dev/null 2>&1 || return 1
    python3 -m pip download --quiet --no-deps --only-binary=:all: --dest "$work" \
        --implementation cp --python-version 3.12 --abi cp312 --platform "$wheel" \
        "onnxruntime==$pip_version" || return 1
    python3 - "$work" <<'PY' || return 1
import glob, sys, zipfile

folder = sys.argv[1]
with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
    name = next(n for n in wheel.namelist() if "/capi/libonnxruntime." in n)
    with open(folder + "/library", "wb") as out:
        out.write(wheel.read(name))
PY
    want=$pip_sha
}

from_npm() {
    command -v npm >/dev/null 2>&1 || return 1
    (cd "$work" && npm pack --silent "onnxruntime-node@$npm_version" >/dev/null) || return 1
    tar -xzf "$work/onnxruntime-node-$npm_version.tgz" -C "$work" "package/bin/napi-v6/$npm_path" || return 1
    mv "$work/package/bin/napi-v6/$npm_path" "$work/library"
    want=$npm_sha
}

echo "bringing ONNX Runtime (once) …" >&2
from_pip || from_npm || {
    echo "ONNX Runtime: neither pip nor npm could bring it: install one of them, or set ORT_LIB to its library" >&2
    exit 1
}
got=$(sha256 "$work/library")
if [ "$got" != "$want" ]; then
    echo "ONNX Runtime: the library has SHA-256 $got, and $want is wanted: not used" >&2
    exit 1
fi
chmod 755 "$work/library"
mv -f "$work/library" "$dir/$file"
