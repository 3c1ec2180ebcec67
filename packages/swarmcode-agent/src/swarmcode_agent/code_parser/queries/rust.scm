; What the reader takes from Rust. `impl` blocks are no symbols of their own: they say whose
; methods stand in them, and which trait the type takes on.

(function_item name: (_) @name body: (_)? @body) @function
(function_signature_item name: (_) @name) @function
(macro_definition name: (_) @name "{"? @body) @function

((struct_item name: (_) @name body: (_)? @body) @class (#set! kind "struct"))
((enum_item name: (_) @name body: (_)? @body) @class (#set! kind "enum"))
((union_item name: (_) @name body: (_)? @body) @class (#set! kind "union"))
((trait_item name: (_) @name body: (_)? @body) @class (#set! kind "trait"))
((source_file (type_item name: (_) @name) @class) (#set! kind "type"))
((mod_item body: (_ (type_item name: (_) @name) @class)) (#set! kind "type"))
((block (type_item name: (_) @name) @class) (#set! kind "type"))
(impl_item trait: (_)? @base type: (_) @owner body: (_)? @body) @scope
(trait_item bounds: (trait_bounds (_) @base))
(attribute_item) @decorator

(use_declaration argument: (_) @import)
(extern_crate_declaration name: (_) @import)

([(function_item (visibility_modifier) name: (_) @export)
  (struct_item (visibility_modifier) name: (_) @export)
  (enum_item (visibility_modifier) name: (_) @export)
  (union_item (visibility_modifier) name: (_) @export)
  (trait_item (visibility_modifier) name: (_) @export)
  (type_item (visibility_modifier) name: (_) @export)
  (mod_item (visibility_modifier) name: (_) @export)
  (const_item (visibility_modifier) name: (_) @export)
  (static_item (visibility_modifier) name: (_) @export)])

[(line_comment) (block_comment)] @comment
[(string_content) (escape_sequence) (char_literal)] @text
