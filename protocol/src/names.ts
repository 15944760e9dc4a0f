// Friendly names that follow from an id, so that everybody calls a new person or pool the same
// before any message has said what they want to be called.

import type { Bytes } from './encoding/bytes.ts';

const MOODS = words(`
  Able Agile Amber Ample Bold Brave Breezy Bright Brisk Bubbly Calm Candid Cheery Chipper Clever Cosy
  Curious Daring Dapper Eager Earnest Easy Fair Fancy Fond Frank Fresh Gentle Giddy Glad Golden Grand
  Happy Hardy Hearty Honest Humble Jaunty Jolly Keen Kind Lively Loyal Lucky Mellow Merry Mighty Modest
  Neat Nimble Noble Patient Peppy Placid Plucky Polite Proud Quick Quiet Ready Serene Shiny Sincere Snug
  Spry Steady Sunny Swift Tender Tidy Trusty Upbeat Warm Witty Zesty`);
const ANIMALS = words(`
  Alpaca Antelope Badger Beaver Bison Bobcat Bunting Camel Caribou Cheetah Chipmunk Crane Curlew Dolphin
  Dormouse Duck Eagle Egret Elk Falcon Ferret Finch Firefly Fox Gazelle Gecko Giraffe Goose Hare Hedgehog
  Heron Ibex Jackdaw Kestrel Kingfisher Kiwi Koala Lark Lemur Llama Lynx Magpie Manatee Marmot Marten
  Meerkat Mole Moose Narwhal Newt Ocelot Otter Owl Panda Pelican Penguin Pika Plover Puffin Quail Rabbit
  Raccoon Raven Robin Salmon Seal Sparrow Squirrel Starling Stork Swallow Swan Tapir Tern Toad Turtle
  Walrus Weasel Whale Wombat Wren Yak Zebra`);
const AIRS = words(`
  Airy Amber Ancient Azure Balmy Blue Breezy Bright Broad Calm Clear Clouded Cool Coral Crystal Dawning
  Deep Distant Dewy Drifting Dusky Early Emerald Evening Far Fern Flowing Foggy Fresh Gentle Glassy Gleaming
  Golden Green Hazel Hidden Hushed Indigo Ivory Jade Lantern Leafy Lilac Long Lucid Lunar Maple Mellow Misty
  Mossy Moonlit Northern Opal Open Pearly Pebbled Placid Quiet Restful Ripple Rosy Sandy Serene Shaded Shallow
  Silent Silver Sleepy Slow Southern Starlit Still Summer Sunlit Tidal Tranquil Twilight Velvet Violet Warm
  Western Willow Winding`);
const WATERS = words(`
  Anchorage Arch Atoll Bank Basin Bay Bayou Beach Bend Bight Boathouse Breakwater Bridge Brook Burn Canal Cape
  Cascade Causeway Channel Cove Creek Current Dale Dell Delta Dock Dune Eddy Estuary Falls Fen Ferry Fjord Ford
  Fountain Glade Gulf Harbour Haven Headland Inlet Island Isle Jetty Key Lagoon Lake Landing Lido Lock Marina
  Marsh Meadow Mere Mill Moor Mooring Oasis Oxbow Pier Pond Port Quay Rapids Reach Reef Reservoir Ridge Rill
  River Shallows Shoal Shore Sound Spit Spring Strait Strand Stream Tarn Tide Wash Weir Well Wharf`);

const HUES = 360;

/** "Calm Otter" and a hue in degrees, from a user's id. */
export function friendlyName(id: Bytes): { readonly name: string; readonly hue: number } {
  return {
    name: `${pick(MOODS, id, 0)} ${pick(ANIMALS, id, 4)}`,
    hue: uint32(id, 8) % HUES,
  };
}

/** "Quiet Lagoon", from a pool's id. */
export function friendlyPoolName(id: Bytes): string {
  return `${pick(AIRS, id, 0)} ${pick(WATERS, id, 4)}`;
}

function pick(list: readonly string[], id: Bytes, at: number): string {
  return list[uint32(id, at) % list.length] ?? '';
}

/** Missing bytes of a short id count as zero. */
function uint32(id: Bytes, at: number): number {
  let value = 0;
  for (let i = at; i < at + 4; i++) value = value * 256 + (id[i] ?? 0);
  return value;
}

function words(list: string): readonly string[] {
  return list.trim().split(/\s+/);
}
