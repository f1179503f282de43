/// The sample shop: its tables, its first rows, and a step of its traffic, as SQL.
enum DemoShop {
    static let tables = ["customers", "products", "orders", "order_items"]

    static let schema = """
        CREATE TYPE order_status AS ENUM ('placed', 'paid', 'packed', 'shipped', 'delivered', 'cancelled');

        CREATE TABLE customers (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            public_id uuid NOT NULL DEFAULT gen_random_uuid(),
            email text NOT NULL UNIQUE,
            name varchar(120) NOT NULL,
            phone_numbers text[] NOT NULL DEFAULT '{}',
            preferences jsonb NOT NULL DEFAULT '{}',
            loyalty_points integer NOT NULL DEFAULT 0,
            is_active boolean NOT NULL DEFAULT true,
            biography text,
            created_at timestamptz NOT NULL DEFAULT now());
        COMMENT ON TABLE customers IS 'People who have an account';
        COMMENT ON COLUMN customers.biography IS 'Long: a change of another column does not send it again';

        CREATE TABLE products (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            sku varchar(20) NOT NULL UNIQUE,
            name text NOT NULL,
            price numeric(12,2) NOT NULL,
            weight_kg real,
            rating double precision,
            tags text[] NOT NULL DEFAULT '{}',
            dimensions_mm integer[],
            attributes jsonb NOT NULL DEFAULT '{}',
            thumbnail bytea,
            available_from date,
            updated_at timestamptz NOT NULL DEFAULT now());

        CREATE TABLE orders (
            id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            customer_id bigint NOT NULL REFERENCES customers,
            status order_status NOT NULL DEFAULT 'placed',
            total numeric(14,2) NOT NULL DEFAULT 0,
            currency varchar(3) NOT NULL DEFAULT 'EUR',
            shipping_address jsonb NOT NULL,
            coupon_codes text[] NOT NULL DEFAULT '{}',
            deliver_by time,
            promised interval,
            placed_at timestamptz NOT NULL DEFAULT now(),
            note text);

        CREATE TABLE order_items (
            order_id uuid NOT NULL REFERENCES orders ON DELETE CASCADE,
            line smallint NOT NULL,
            product_id bigint NOT NULL REFERENCES products,
            quantity integer NOT NULL,
            unit_price numeric(12,2) NOT NULL,
            PRIMARY KEY (order_id, line));
        """

    static let rows = """
        INSERT INTO customers (email, name, phone_numbers, preferences, biography)
        SELECT 'customer' || n || '@example.com', 'Customer ' || n,
            ARRAY['+49 30 ' || (100000 + n), '+44 20 ' || (200000 + n)],
            jsonb_build_object('newsletter', n % 2 = 0, 'language', (ARRAY['de', 'en', 'fr'])[1 + n % 3], 'shoe size', 36.5 + n % 12),
            CASE WHEN n % 5 = 0 THEN (SELECT string_agg(md5(n::text || i::text), ' ') FROM generate_series(1, 200) i) END
        FROM generate_series(1, 500) n;

        INSERT INTO products (sku, name, price, weight_kg, rating, tags, dimensions_mm, attributes, thumbnail, available_from)
        SELECT 'SKU-' || lpad(n::text, 5, '0'), (ARRAY['Tea "Élan"', 'Kettle', 'Mug', 'Whisk', '抹茶 bowl'])[1 + n % 5] || ' ' || n,
            round((random() * 200 + 1)::numeric, 2), n / 10.0, 1 + random() * 4, ARRAY['kitchen', 'lot ' || n % 7],
            ARRAY[n, n * 2, n * 3], jsonb_build_object('colour', 'green', 'stock', n * 3), decode(md5(n::text), 'hex'),
            current_date - n
        FROM generate_series(1, 200) n;

        INSERT INTO orders (customer_id, status, shipping_address, deliver_by, promised)
        SELECT 1 + n % 500, 'delivered', jsonb_build_object('city', 'Berlin', 'street', 'Street ' || n), '17:30', '2 days'
        FROM generate_series(1, 1000) n;

        INSERT INTO order_items
        SELECT o.id, l, 1 + floor(random() * 200)::bigint, 1 + l, round((random() * 50 + 1)::numeric, 2)
        FROM orders o, generate_series(1, 2) l;
        """

    /// One transaction of a visitor; answers nothing. Which one is left to chance.
    static let traffic = """
        CREATE FUNCTION traffic_step() RETURNS void LANGUAGE plpgsql AS $$
        DECLARE
            dice float := random();
            chosen uuid;
        BEGIN
            IF dice < 0.45 THEN
                INSERT INTO orders (customer_id, shipping_address, coupon_codes, promised, note)
                VALUES (1 + floor(random() * 500)::bigint, jsonb_build_object('city', 'Lyon', 'zip', floor(random() * 99999)),
                    CASE WHEN random() < 0.2 THEN ARRAY['SPRING', 'VIP'] ELSE '{}' END, make_interval(hours => 48),
                    CASE WHEN random() < 0.1 THEN E'ring twice,\\nthen leave it "outside"' END)
                RETURNING id INTO chosen;
                INSERT INTO order_items
                SELECT chosen, l, 1 + floor(random() * 200)::bigint, 1 + floor(random() * 5)::int, round((random() * 90 + 1)::numeric, 2)
                FROM generate_series(1, 1 + floor(random() * 4)::int) l;
                UPDATE orders SET total = (SELECT sum(quantity * unit_price) FROM order_items WHERE order_id = chosen) WHERE id = chosen;
            ELSIF dice < 0.75 THEN
                UPDATE orders SET status = (ARRAY['paid', 'packed', 'shipped', 'delivered'])[1 + floor(random() * 4)::int]::order_status
                WHERE id = (SELECT id FROM orders ORDER BY placed_at DESC OFFSET floor(random() * 50)::int LIMIT 1);
            ELSIF dice < 0.85 THEN
                UPDATE customers SET loyalty_points = loyalty_points + 10 WHERE id = 1 + floor(random() * 500)::bigint;
            ELSIF dice < 0.93 THEN
                UPDATE products SET price = round((random() * 200 + 1)::numeric, 2), updated_at = now()
                WHERE id = 1 + floor(random() * 200)::bigint;
            ELSIF dice < 0.96 THEN
                INSERT INTO customers (email, name, preferences)
                VALUES (gen_random_uuid() || '@example.com', 'New customer', '{"newsletter": true}');
            ELSE
                DELETE FROM orders WHERE id = (SELECT id FROM orders ORDER BY placed_at LIMIT 1);
            END IF;
        END $$;
        """

    /// A hash over all rows of a table, in the order of its key; equal in both databases when the tables are equal.
    static func fingerprint(of table: String) -> String {
        let order = table == "order_items" ? "order_id, line" : "id"
        return
            "SELECT count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' ORDER BY \(order))), '') FROM public.\(table) t"
    }
}
