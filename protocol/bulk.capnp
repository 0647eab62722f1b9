# The bulk socket's messages: blobs and results in chunks, under a window, resumable. Same host, keys and rules of
# change as the control socket (wire.capnp); protocol/bulk.h says what each means.

@0xa2f4d96c51be0873;

using Cxx = import "/capnp/c++.capnp";
using Wire = import "/protocol/wire.capnp";
$Cxx.namespace("reeve::bulk_schema");

struct Envelope {
  transfer @0 :UInt64;       # chosen by who opened it; unique on its connection
  union {
    putBlob @1 :PutBlob;
    putResult @2 :PutResult;
    getBlob @3 :GetBlob;
    chunk @4 :Chunk;
    chunkAck @5 :ChunkAck;
    status @6 :Status;
  }
}

struct PutBlob {
  digest @0 :Data;           # SHA-256, 32 bytes
  sizeBytes @1 :UInt64;
}

struct PutResult {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  task @3 :UInt32;
  sizeBytes @4 :UInt64;
  checkpoint @5 :Bool;       # rather than the result
}

struct GetBlob {
  digest @0 :Data;
  offset @1 :UInt64;         # where to go on
  windowChunks @2 :UInt32;
}

struct Chunk {
  offset @0 :UInt64;
  data @1 :Data;
  last @2 :Bool;
}

struct ChunkAck {
  received @0 :UInt64;       # bytes held in order, from the start
  windowChunks @1 :UInt32;   # chunks that may be in flight beyond them
}

struct Status {
  digest @0 :Data;           # of what is now stored or was given; zeros after an error
  union {
    done @1 :Void;
    error @2 :Wire.Error;
  }
}
