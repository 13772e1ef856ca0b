# Counts and indexes the words of a text, and takes the result through JSON.
import collections
import json
import re
import sys

text = open(sys.argv[1]).read()
counts = collections.Counter(re.findall(r'[a-z]+', text.lower()))
index = {}
for number, line in enumerate(text.splitlines()):
    for word in line.split():
        index.setdefault(word, []).append({'line': number, 'text': line.strip()})
rare = {word: places for word, places in index.items() if len(places) < 4}
data = json.loads(json.dumps({'counts': counts, 'index': rare}))
print(len(data['counts']), len(data['index']))
