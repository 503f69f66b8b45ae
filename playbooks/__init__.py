"""The shipped playbooks, as data: `packs/<name>/*.yaml` and `packs/<name>/drafts/<letter>.<language>.txt`,
`signs/<language>.yaml`, `phrases/<language>.yaml`."""
