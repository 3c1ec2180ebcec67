// A real IPFS node in JavaScript, on loopback and without peers; prints the address of its API.
Promise.withResolvers ??= function () {
  let resolve, reject // newer than Node.js 20, and wanted by what is imported below
  const promise = new this((yes, no) => { resolve = yes; reject = no })
  return { promise, resolve, reject }
}
const { create } = await import('ipfs-core')
const { HttpApi } = await import('ipfs-http-server')

const anyPort = '/ip4/127.0.0.1/tcp/0'
const ipfs = await create({
  repo: process.argv[2],
  offline: true,
  silent: true,
  config: { Addresses: { Swarm: [], API: anyPort, Gateway: anyPort }, Bootstrap: [] }
})
const api = new HttpApi(ipfs)
await api.start()
console.log(api._apiServers[0].info.uri)
