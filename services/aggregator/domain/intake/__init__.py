"""From journals into the store, each row once."""
