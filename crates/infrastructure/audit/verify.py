import hashlib, json, pathlib, sys

previous, number = "0" * 64, 0
for segment in sorted(pathlib.Path(sys.argv[1]).glob("*.ndjson")):
    for line in segment.read_bytes().rstrip(b"\0").split(b"\n")[:-1]:
        entry, number = json.loads(line), number + 1
        whole = hashlib.sha256(line[:-75]).hexdigest() == entry["hash"]
        if not whole or entry["previous"] != previous or entry["number"] != number:
            sys.exit(f"{segment.name}: entry {number} is not what was written")
        previous = entry["hash"]
print(number, previous)
