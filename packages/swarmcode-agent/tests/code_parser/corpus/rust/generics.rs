pub struct Cache<'a, K: Eq + Hash, V> where V: Clone {
    inner: HashMap<K, &'a V>,
}

impl<'a, K: Eq + Hash, V: Clone> Cache<'a, K, V> {
    pub fn get<Q: ?Sized>(&self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Hash + Eq,
    {
        self.inner.get(key).cloned().cloned()
    }
}
