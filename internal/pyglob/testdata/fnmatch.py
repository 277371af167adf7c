import fnmatch
import json
import sys

json.dump([fnmatch.fnmatchcase(text, pattern) for pattern, text in json.load(sys.stdin)], sys.stdout)
