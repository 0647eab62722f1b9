# Protocol 1 as its peers knew it: only what protocol 2 added to is spelt out. Members that these tests do not send
# keep their place as pointers to anything. Frozen: never change this file with wire.capnp.
@0xd0b5cc1c4f7a2e91;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("reeve::schema_v1");

struct Envelope {
  union {
    u0 @0 :AnyPointer; u1 @1 :AnyPointer; u2 @2 :AnyPointer; u3 @3 :AnyPointer; u4 @4 :AnyPointer; u5 @5 :AnyPointer;
    u6 @6 :AnyPointer; u7 @7 :AnyPointer;
    jobUpdate @8 :JobUpdate;
    u9 @9 :AnyPointer; u10 @10 :AnyPointer; u11 @11 :AnyPointer;
    assign @12 :Assign;
    report @13 :Report;
  }
}

struct JobUpdate {
  job @0 :UInt64;
  state @1 :UInt16;
  tasks @2 :UInt64;
  settled @3 :UInt64;
  failed @4 :UInt64;
}

struct Assignment {
  attempt @0 :UInt64;
  job @1 :UInt64;
  step @2 :UInt32;
  first @3 :UInt32;
  count @4 :UInt32;
  replica @5 :UInt32;
  lease @6 :Int64;
  ticket @7 :Data;
}

struct Assign {
  steps @0 :AnyPointer;
  assignments @1 :List(Assignment);
}

struct Report {
  sections @0 :AnyPointer;
  signature @1 :Data;
}
